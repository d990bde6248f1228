# Made from modules/codepipeline/variables*.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

variable "source_repository" {
  description = "Repository that holds the templates: the name of a CodeCommit repository in the same account and region, or, with codeconnections, the full id OWNER/NAME."
  type        = string
  nullable    = false

  validation {
    condition = (
      can(regex("^[A-Za-z0-9._-]{1,100}(/[A-Za-z0-9._-]{1,100})*$", var.source_repository)) &&
      !endswith(var.source_repository, ".git")
    )
    error_message = "The source_repository must be a CodeCommit repository name (1 to 100 letters, digits, '.', '_', '-') or OWNER/NAME, not a URL."
  }
}

variable "environment_secrets" {
  description = "Environment variables of the build that CodeBuild fetches, each with one of two: secret, the name or ARN of a secret of Secrets Manager (then, as CodeBuild has it, :JSON-KEY:VERSION-STAGE:VERSION-ID), or parameter, the name or ARN of a parameter of Parameter Store. The build role may read exactly these."
  type = map(object({
    secret    = optional(string)
    parameter = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, from in var.environment_secrets :
      can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) && !startswith(name, "CODEBUILD_") && !contains(["PACKER_SCRIPT", "PACKER_WORKING_DIR"], name) &&
      try((from.secret == null) != (from.parameter == null), false)
    ])
    error_message = "Each name in environment_secrets must be letters, digits and '_', not start with a digit or CODEBUILD_ (reserved), and have either a secret or a parameter."
  }

  validation {
    condition = alltrue([
      for from in values(var.environment_secrets) : try(from.secret, null) == null || can(regex(
        "^(arn:[^:]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}(:[^:]*(:[^:]*(:[^:]*)?)?)?$", from.secret
      ))
    ])
    error_message = "Each secret of environment_secrets must be a secret's name or ARN, with :JSON-KEY:VERSION-STAGE:VERSION-ID behind it or without."
  }

  validation {
    condition = alltrue([
      for from in values(var.environment_secrets) : try(from.parameter, null) == null || can(regex(
        "^(arn:[^:]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}(:[A-Za-z0-9_.-]+)?$", from.parameter
      ))
    ])
    error_message = "Each parameter of environment_secrets must be a parameter's name, for example /app/token, or its ARN."
  }
}

variable "secret_key_arns" {
  description = "ARNs of the KMS keys that the secrets and parameters of environment_secrets are encrypted with; the build role may decrypt with them by Secrets Manager and Parameter Store alone. Empty means the AWS managed keys (aws/secretsmanager, aws/ssm), which need no right."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_key_arns : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))])
    error_message = "Each of the secret_key_arns must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias."
  }
}

variable "source_type" {
  description = "Where the repository is: codecommit, or codeconnections for GitHub, Bitbucket and GitLab."
  type        = string
  default     = "codecommit"
  nullable    = false

  validation {
    condition     = contains(["codecommit", "codeconnections"], var.source_type)
    error_message = "The source_type must be codecommit or codeconnections."
  }
}

variable "connection_arn" {
  description = "ARN of the connection to GitHub, Bitbucket or GitLab; it must be AVAILABLE. For the source_type codeconnections alone. Null means none."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition = var.connection_arn == null || can(
      regex("^arn:[^:]+:(codeconnections|codestar-connections):[^:]+:[0-9]{12}:connection/[0-9A-Za-z-]+$", var.connection_arn)
    )
    error_message = "The connection_arn must be the ARN of a connection (arn:aws:codeconnections:REGION:ACCOUNT:connection/ID), or null."
  }
}

variable "full_clone" {
  description = "Whether the build gets a git clone with its history, instead of the files of the commit."
  type        = bool
  default     = false
  nullable    = false
}

variable "image_regions" {
  description = "Regions that the build may copy the image to: Packer's ami_regions, and for encrypt_boot, which copies too, the pipeline's own region as well. Empty means that it copies nothing."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.image_regions : can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", region))])
    error_message = "Each of the image_regions must be a region's name, for example eu-central-1."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete the artefact bucket while objects are in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for the artefacts; its policy must leave access to IAM. Null means the AWS managed key of S3 (aws/s3)."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "The kms_key_arn must be the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias, or null."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the module's roles. Null means none."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::[^:]*:policy/.+$", var.permissions_boundary))
    error_message = "The permissions_boundary must be the ARN of an IAM policy, or null."
  }
}

variable "build_policy_arns" {
  description = "Further IAM policies for the build role, by a name of yours: for example those on a key of yours."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.build_policy_arns) : can(regex("^arn:[^:]+:iam::[^:]*:policy/.+$", arn))])
    error_message = "Each of the build_policy_arns must be the ARN of an IAM policy."
  }
}

variable "build_features" {
  description = "What the template does beyond a plain build, each with the rights for it: deprecation (deprecate_at), deregistration_protection, fast_launch, session_manager (ssh_interface), spot (spot_price). Empty means none of them."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for name in var.build_features :
      contains(["deprecation", "deregistration_protection", "fast_launch", "session_manager", "spot"], name)
    ])
    error_message = "The build_features must be some of deprecation, deregistration_protection, fast_launch, session_manager, spot."
  }
}

variable "instance_profiles" {
  description = "Instance profiles that the template may give its instance (iam_instance_profile): ARN of the profile -> ARN of its role. Empty means none."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for profile, role in var.instance_profiles :
      can(regex("^arn:[^:]+:iam::[0-9]{12}:instance-profile/.+$", profile)) && can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", role))
    ])
    error_message = "The instance_profiles must be ARNs: of an instance profile (arn:aws:iam::ACCOUNT:instance-profile/NAME) to that of its role (arn:aws:iam::ACCOUNT:role/NAME)."
  }
}

variable "instance_tags" {
  description = "Tags, each with its values, by which the build knows what it has made: it may make, use, change and delete only what has one of them. A template has one in its run_tags and run_volume_tags. Empty means no limit by tag."
  type        = map(list(string))
  default = {
    BuiltBy = ["Packer"]
    Name    = ["Packer Builder"]
  }
  nullable = false

  validation {
    condition = alltrue([
      for key, values in var.instance_tags : length(key) > 0 && !startswith(lower(key), "aws:") && try(length(values) > 0, false)
    ])
    error_message = "Each key of instance_tags must not be empty nor start with 'aws:' (reserved), and must have at least one value."
  }
}

variable "vpc_id" {
  description = "VPC in which the build may make the security groups of its instances. Null means any VPC."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "The vpc_id must be the id of a VPC, for example vpc-04f99e5833c3a909b, or null."
  }
}

variable "subnet_ids" {
  description = "Subnets in which the build may start its instances: those that the templates name. Empty means any subnet."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) <= 10 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "The subnet_ids must be at most 10 ids of subnets, for example subnet-0a1b2c3d4e5f60718."
  }
}

variable "security_group_ids" {
  description = "Security groups of yours in which the build may start its instances: those that the templates name. Empty means only groups that Packer makes."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.security_group_ids) <= 5 && alltrue([for id in var.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))])
    error_message = "The security_group_ids must be at most 5 ids of security groups, for example sg-0a1b2c3d4e5f60718."
  }
}

variable "share_with_accounts" {
  description = "Accounts that the build may share its snapshots with (Packer's snapshot_users); with any it may share its images too (ami_users), for which IAM knows no limit by account. Empty means that it shares nothing."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.share_with_accounts) <= 10 && alltrue([for id in var.share_with_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "The share_with_accounts must be at most 10 numbers of accounts with 12 digits each."
  }
}

variable "network" {
  description = "How Packer reaches the build instance: public (its address, as the subnet gives it), private (its private address, from inside the VPC: needs vpc_config) or session-manager (a tunnel of Systems Manager, without an address or an open port)."
  type        = string
  default     = "public"
  nullable    = false

  validation {
    condition     = contains(["public", "private", "session-manager"], var.network)
    error_message = "The network must be public, private or session-manager."
  }
}

variable "vpc_config" {
  description = "VPC and private subnets (with a way out) that the build machine is put into. Without security_group_ids it gets a group of its own: everything out, nothing in. Null means outside of any VPC."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = optional(list(string), [])
  })
  default  = null
  nullable = true

  validation {
    condition     = var.vpc_config == null || can(regex("^vpc-[0-9a-f]+$", var.vpc_config.vpc_id))
    error_message = "The vpc_config.vpc_id must be the id of a VPC, for example vpc-04f99e5833c3a909b."
  }

  validation {
    condition = var.vpc_config == null || try(
      length(var.vpc_config.subnet_ids) >= 1 && length(var.vpc_config.subnet_ids) <= 16 &&
      alltrue([for id in var.vpc_config.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))]), false
    )
    error_message = "The vpc_config.subnet_ids must be 1 to 16 ids of subnets, for example subnet-0a1b2c3d4e5f60718."
  }

  validation {
    condition = var.vpc_config == null || try(
      length(var.vpc_config.security_group_ids) <= 5 &&
      alltrue([for id in var.vpc_config.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))]), false
    )
    error_message = "The vpc_config.security_group_ids must be at most 5 ids of security groups, for example sg-0a1b2c3d4e5f60718."
  }
}

variable "notifications" {
  description = "SNS topic that is told how executions end. Its policy must let events.amazonaws.com publish, without a Condition. Null means nobody is told."
  type = object({
    topic_arn = string
    states    = optional(list(string), ["FAILED", "SUCCEEDED"])
  })
  default  = null
  nullable = true

  validation {
    condition     = var.notifications == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[^:]+$", var.notifications.topic_arn))
    error_message = "The notifications.topic_arn must be the ARN of an SNS topic."
  }

  validation {
    condition = var.notifications == null || try(
      length(var.notifications.states) > 0 && alltrue([
        for state in var.notifications.states :
        contains(["CANCELED", "FAILED", "RESUMED", "STARTED", "STOPPED", "STOPPING", "SUCCEEDED", "SUPERSEDED"], state)
      ]), false
    )
    error_message = "The notifications.states must be some of CANCELED, FAILED, RESUMED, STARTED, STOPPED, STOPPING, SUCCEEDED, SUPERSEDED."
  }
}

variable "tags" {
  description = "Tags for everything that the module creates, over the provider's default_tags."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : length(key) > 0 && !startswith(lower(key), "aws:")])
    error_message = "The keys of tags must not be empty and must not start with 'aws:' (reserved)."
  }
}
