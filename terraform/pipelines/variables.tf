variable "region" {
  description = "Region of the pipelines. The CodeCommit repository must be in the same one."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "The region must be a region's name, for example eu-west-1."
  }
}

variable "tags" {
  description = "Tags for everything that the pipelines are made of."
  type        = map(string)
  default     = {}
  nullable    = false
}
