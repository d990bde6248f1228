# Made from modules/codepipeline/examples/complete/variables.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

variable "vpc_id" {
  description = "VPC of the build machine and of the instances that Packer starts."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Private subnets of that VPC, with a way out (a NAT gateway)."
  type        = list(string)
  nullable    = false
}

variable "connection_arn" {
  description = "ARN of the connection to GitHub, Bitbucket or GitLab; somebody must have confirmed it in the console."
  type        = string
  nullable    = false
}

variable "share_with_accounts" {
  description = "Accounts that the image is shared with: ami_users and snapshot_users of the template."
  type        = list(string)
  default     = ["999999999999"]
  nullable    = false
}
