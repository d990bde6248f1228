# Made from modules/codepipeline/variables.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

variable "project_name" {
  description = "Name of the pipeline and of its CodeBuild project. Role, rule and log group names derive from it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,99}$", var.project_name))
    error_message = "The project_name must be 2 to 100 letters, digits, '-' or '_', the first a letter or a digit."
  }
}

variable "project_description" {
  description = "What the pipeline builds, shown in the CodeBuild console."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.project_description) <= 255
    error_message = "The project_description must be at most 255 characters."
  }
}

variable "artefact_bucket_name" {
  description = "Name of the S3 bucket that the module creates for the pipeline's artefacts. Bucket names are global."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.artefact_bucket_name))
    error_message = "The artefact_bucket_name must be 3 to 63 lower-case letters, digits and inner hyphens (no dots: they break TLS)."
  }
}

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

variable "environment_vars" {
  description = "Plain-text environment variables of the build. PACKER_SCRIPT, the template's path, is required. No secrets: anybody who may read the project sees them."
  type        = map(string)
  nullable    = false

  validation {
    condition     = try(length(var.environment_vars["PACKER_SCRIPT"]) > 0, false)
    error_message = "The environment_vars must hold PACKER_SCRIPT, the path of the Packer template from the repository's root."
  }

  validation {
    condition = alltrue([
      for name, value in var.environment_vars :
      can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) && !startswith(name, "CODEBUILD_") && value != null
    ])
    error_message = "Each name in environment_vars must be letters, digits and '_', not start with a digit or CODEBUILD_ (reserved), and have a value."
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

variable "branch" {
  description = "Branch of the source repository whose changes start the pipeline."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s~^:?*\\[\\\\]{1,256}$", var.branch))
    error_message = "The branch must be a git branch name of at most 256 characters."
  }
}

variable "start_on_push" {
  description = "Whether a push to the branch starts the pipeline. False where something else does: tfgen's dispatcher, the schedule, a person."
  type        = bool
  default     = true
  nullable    = false
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

variable "buildspec" {
  description = "Path of the buildspec in the source repository."
  type        = string
  default     = "buildspec.yml"
  nullable    = false

  validation {
    condition     = can(regex("^[^/\\s][^\\n]*\\.ya?ml$", var.buildspec))
    error_message = "The buildspec must be the relative path of a .yml or .yaml file."
  }
}

variable "build_timeout" {
  description = "Minutes after which CodeBuild ends a build: at most 2,160 (36 hours)."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.build_timeout >= 5 && var.build_timeout <= 2160 && floor(var.build_timeout) == var.build_timeout
    error_message = "The build_timeout must be a whole number of minutes from 5 to 2160."
  }
}

variable "compute_type" {
  description = "Size of the build machine. Packer waits on EC2 most of the time, so the smallest does."
  type        = string
  default     = "BUILD_GENERAL1_SMALL"
  nullable    = false

  validation {
    condition = contains(
      ["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE", "BUILD_GENERAL1_2XLARGE"],
      var.compute_type
    )
    error_message = "The compute_type must be BUILD_GENERAL1_SMALL, _MEDIUM, _LARGE or _2XLARGE."
  }
}

variable "image" {
  description = "Container image of the build: one of CodeBuild's own (x86-64 Linux), or another, which is then pulled with the build role's rights."
  type        = string
  default     = "aws/codebuild/standard:7.0"
  nullable    = false

  validation {
    condition     = can(regex("^\\S+$", var.image))
    error_message = "The image must be a container image reference without spaces."
  }
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

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the build logs."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
      var.log_retention_days
    )
    error_message = "The log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653."
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

variable "publish_parameter" {
  description = "The SSM parameter that a good build points to its AMI, in each region of the AMI: the build may write this one and no other. Not with a shared role. Empty means none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^((/[A-Za-z0-9_.-]+)+)?$", var.publish_parameter)) && length(var.publish_parameter) <= 900 && !can(regex("^/(?i:aws|ssm)", var.publish_parameter))
    error_message = "The publish_parameter must be the name of a parameter as a path, not below /aws or /ssm, for example /images/web/dev."
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

variable "approval" {
  description = "A person must approve each execution before it builds; topic_arn is the SNS topic that is told so. Null means no approval, {} one without a topic."
  type = object({
    topic_arn = optional(string)
  })
  default  = null
  nullable = true

  validation {
    condition     = try(var.approval.topic_arn, null) == null || can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[^:]+$", var.approval.topic_arn))
    error_message = "The approval.topic_arn must be the ARN of an SNS topic."
  }
}

variable "schedule" {
  description = "When to build besides on a push, by UTC: cron(...) or rate(...) as EventBridge has them, for example cron(0 4 ? * MON *). Null means on a push alone."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition = var.schedule == null || can(
      regex("^rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)$", var.schedule)
      ) || can(
      # Minutes, hours, day of the month, month, day of the week, year; of the two days exactly one is '?'.
      regex(
        join("", [
          "^cron\\((\\*|[0-5]?[0-9])([,/-][0-5]?[0-9])* (\\*|[01]?[0-9]|2[0-3])([,/-]([01]?[0-9]|2[0-3]))* ",
          "(\\? [0-9A-Z*,/-]+ [0-9A-Z*,/#-]+|[0-9LW*,/-]+ [0-9A-Z*,/-]+ \\?) [0-9*,/-]+\\)$",
        ]),
        var.schedule
      )
    )
    error_message = "The schedule must be rate(1 day), rate(12 hours) or the like, or a cron(...) of EventBridge's six fields of which one day field is '?', for example cron(0 4 ? * MON *)."
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
