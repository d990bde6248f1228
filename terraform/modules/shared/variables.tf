variable "name" {
  description = "Name of what is shared: role, rule and policy names derive from it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,99}$", var.name))
    error_message = "The name must be 2 to 100 letters, digits, '-' or '_', the first a letter or a digit."
  }
}

variable "pipelines" {
  description = "Names of the pipelines that share, in the same account and region, or patterns of them with `*`: at most 10. Needed for roles and notifications."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = length(var.pipelines) <= 10 && alltrue([
      for name in var.pipelines : can(regex("^[A-Za-z0-9_*-]*[A-Za-z0-9_-]{3}[A-Za-z0-9_*-]*$", name)) && length(name) <= 100
    ])
    error_message = "The pipelines must be at most 10 names, or patterns with '*' and three other characters in a row, for example *-ami-pipeline."
  }
}

variable "artefact_bucket_name" {
  description = "Name of the S3 bucket that the module creates for all artefacts. Bucket names are global. Null means that each pipeline has its own."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.artefact_bucket_name == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.artefact_bucket_name))
    error_message = "The artefact_bucket_name must be 3 to 63 lower-case letters, digits and inner hyphens (no dots: they break TLS), or null."
  }
}

variable "artefact_bucket_patterns" {
  description = "Names of the pipelines' own artefact buckets, or patterns of them with `*`, for shared roles without a shared bucket."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = length(var.artefact_bucket_patterns) <= 10 && alltrue([
      for name in var.artefact_bucket_patterns : can(regex("^[a-z0-9*-]*[a-z0-9-]{3}[a-z0-9*-]*$", name))
    ])
    error_message = "The artefact_bucket_patterns must be at most 10 names, or patterns with '*' and three other characters in a row."
  }
}

variable "roles" {
  description = "Whether the pipelines share the roles of CodePipeline, CodeBuild and EventBridge: one that may do what any of them needs."
  type        = bool
  default     = true
  nullable    = false
}

variable "approval_topic_arns" {
  description = "SNS topics that the pipelines' approvals tell. Empty means none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.approval_topic_arns) <= 10 && alltrue([for arn in var.approval_topic_arns : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[^:]+$", arn))])
    error_message = "The approval_topic_arns must be at most 10 ARNs of SNS topics."
  }
}

variable "packer_version" {
  description = "The oldest PACKER_VERSION of the builds: one before 1.8 gives no tags to groups, images and snapshots, and for these there is no limit by tag then. Empty means that all are newer."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+\\.[0-9]+\\.[0-9]+)?$", var.packer_version))
    error_message = "The packer_version must be a version, for example 1.14.3, or empty."
  }
}
