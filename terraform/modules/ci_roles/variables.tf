variable "host" {
  description = "Where the pull requests are: github, bitbucket or codecommit."
  type        = string

  validation {
    condition     = contains(["github", "bitbucket", "codecommit"], var.host)
    error_message = "The host must be github, bitbucket or codecommit."
  }
}

variable "repository" {
  description = "The repository as its host writes it, in upper and lower case: OWNER/NAME on GitHub, WORKSPACE/NAME on Bitbucket, NAME on CodeCommit."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?$", var.repository))
    error_message = "The repository must be OWNER/NAME, WORKSPACE/NAME or NAME, without wildcards."
  }
}

variable "branch" {
  description = "The branch whose plans are applied."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[^][*?$~^:\\\\\\s[:cntrl:]]+$", var.branch))
    error_message = "The branch must be one branch by its name, without wildcards."
  }
}

variable "environment" {
  description = "GitHub's environment of the apply job. Whoever may deploy to it may take the apply role."
  type        = string
  default     = "production"

  validation {
    condition     = can(regex("^[^*?$[:cntrl:]]+$", var.environment))
    error_message = "The environment must be one environment by its name, without wildcards."
  }
}

variable "github" {
  description = "Of GitHub: the IDs of the owner and of the repository, which are in the tokens of repositories that were made, renamed or moved since 2026-07-15 (find them with: gh api repos/OWNER/NAME --jq '.owner.id, .id'). On GitHub Enterprise Server also the issuer of its tokens, and both IDs \"\": it has none in its tokens."
  type = object({
    owner_id      = string
    repository_id = string
    issuer        = optional(string, "token.actions.githubusercontent.com")
    audience      = optional(string, "sts.amazonaws.com")
  })
  default = null

  validation {
    condition = var.github == null || try(alltrue([
      for id in [var.github.owner_id, var.github.repository_id] :
      can(regex("^[1-9][0-9]*$", id)) || (id == "" && var.github.issuer != "token.actions.githubusercontent.com")
    ]), false)
    error_message = "The owner_id and repository_id of github must be the numbers that are in GitHub's tokens. Find them with: gh api repos/OWNER/NAME --jq '.owner.id, .id'"
  }

  validation {
    condition     = var.github == null || try(can(regex("^[a-z0-9.-]+(/[A-Za-z0-9_./-]+)?$", var.github.issuer)) && can(regex("^[^*?$\\s]+$", var.github.audience)), false)
    error_message = "The issuer of github must be written without https://, such as HOSTNAME/_services/token, and its audience without wildcards."
  }
}

variable "bitbucket" {
  description = "Of Bitbucket: the UUIDs of the workspace, of the repository and of the deployment environment that the apply step names (Repository settings, OpenID Connect shows all three). Braces do not matter."
  type = object({
    workspace_uuid   = string
    repository_uuid  = string
    environment_uuid = string
  })
  default = null

  validation {
    condition = var.bitbucket == null || try(alltrue([
      for uuid in [var.bitbucket.workspace_uuid, var.bitbucket.repository_uuid, var.bitbucket.environment_uuid] :
      can(regex("^(\\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$", uuid))
    ]), false)
    error_message = "The workspace_uuid, repository_uuid and environment_uuid of bitbucket must be UUIDs in lower case. Find them in Bitbucket: Repository settings, OpenID Connect."
  }
}

variable "codebuild_projects" {
  description = "Of CodeCommit: names of the CodeBuild projects that plan and that apply, in this region. Null means NAME-plan and NAME-apply."
  type = object({
    plan  = string
    apply = string
  })
  default = null

  validation {
    condition     = var.codebuild_projects == null || try(alltrue([for project in values(var.codebuild_projects) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{1,254}$", project))]), false)
    error_message = "Each of codebuild_projects must be the name of one CodeBuild project."
  }
}

variable "name" {
  description = "Beginning of the names that the module gives: NAME-plan, NAME-apply (roles) and NAME-boundary (policy)."
  type        = string
  default     = "tfgen"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,54}$", var.name))
    error_message = "The name must be 1 to 55 letters, digits, - and _."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the account's OIDC provider for the host, if it has one already. Null makes one (an account can have one for each issuer)."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "The oidc_provider_arn must be the ARN of an OIDC provider, or null."
  }
}

variable "oidc_thumbprints" {
  description = "SHA-1 thumbprints for the OIDC provider, if the module makes it. AWS needs one, and looks at it only if the host's certificate is of no authority that AWS trusts. Null means the known one of the host."
  type        = list(string)
  default     = null

  validation {
    condition     = var.oidc_thumbprints == null || try(length(var.oidc_thumbprints) > 0 && alltrue([for each in var.oidc_thumbprints : can(regex("^[0-9a-f]{40}$", each))]), false)
    error_message = "Each of oidc_thumbprints must be 40 hex digits in lower case."
  }
}

variable "state" {
  description = "Where the state of the pipelines is: the S3 bucket, the keys, its region if another one, the DynamoDB table of locks if there is one, and the KMS key of the bucket if it has its own."
  type = object({
    bucket      = string
    keys        = list(string)
    region      = optional(string)
    lock_table  = optional(string)
    kms_key_arn = optional(string)
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state.bucket)) && length(var.state.keys) > 0 && alltrue([for key in var.state.keys : can(regex("^[^*?$/][^*?$]*$", key))])
    error_message = "The state must name one bucket and at least one key, without wildcards."
  }

  validation {
    condition     = var.state.lock_table == null || can(regex("^[A-Za-z0-9_.-]{3,255}$", var.state.lock_table))
    error_message = "The lock_table of state must be the name of one DynamoDB table, or null."
  }

  validation {
    condition     = var.state.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.state.kms_key_arn))
    error_message = "The kms_key_arn of state must be the ARN of a key (not of an alias), or null."
  }
}

variable "pipeline_names" {
  description = "Names of the pipelines and of the dispatcher, with `*`: what the apply role may make, change and delete. Their roles, policies and rules begin with these names. A name of more than 51 characters is cut in them: for it, give its first 42 and a `*`."
  type        = list(string)

  validation {
    condition     = length(var.pipeline_names) > 0 && alltrue([for each in var.pipeline_names : can(regex("^[A-Za-z0-9_.*@-]+$", each)) && length(replace(each, "*", "")) >= 4])
    error_message = "Each of pipeline_names must have at least four characters besides *, so that it does not name everything in the account."
  }
}

variable "bucket_names" {
  description = "Names of the pipelines' artefact buckets, with `*`: what the apply role may make, change and delete."
  type        = list(string)

  validation {
    condition     = length(var.bucket_names) > 0 && alltrue([for each in var.bucket_names : can(regex("^[a-z0-9.*-]+$", each)) && length(replace(each, "*", "")) >= 4])
    error_message = "Each of bucket_names must have at least four characters besides *, so that it does not name every bucket."
  }
}

variable "connection_arns" {
  description = "ARNs of the CodeConnections connections that pipelines may be given."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.connection_arns : can(regex("^arn:[^:]+:(codeconnections|codestar-connections):[^:]+:[0-9]{12}:connection/[A-Za-z0-9-]+$", arn))])
    error_message = "Each of connection_arns must be the ARN of a connection."
  }
}

variable "vpc_ids" {
  description = "VPCs in which the apply role may make and delete security groups: those of vpc_config without security groups of its own."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.vpc_ids : can(regex("^vpc-[0-9a-f]+$", id))])
    error_message = "Each of vpc_ids must be the ID of a VPC."
  }
}

variable "instance_role_arns" {
  description = "Roles that builds may pass to their instances (instance_profiles of the pipelines): the boundary must allow it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.instance_role_arns : can(regex("^arn:[^:]+:iam::[0-9]{12}:role/[^*?$]+$", arn))])
    error_message = "Each of instance_role_arns must be the ARN of one role."
  }
}

variable "plan_policy_arns" {
  description = "Further policies of the plan role, for hand-written Terraform beside the pipelines. Only reading ones: a pull request's templates are planned with them."
  type        = set(string)
  default     = []
}

variable "boundary_policy" {
  description = "Text of an IAM policy to be the boundary instead of the module's own. What the pipelines need must be in it; a plan names what is not. The protection of the boundary itself is added."
  type        = string
  default     = null

  validation {
    condition     = var.boundary_policy == null || can(jsondecode(var.boundary_policy).Statement[0].Effect)
    error_message = "The boundary_policy must be the JSON text of an IAM policy with a list of statements, or null."
  }
}

variable "max_session_duration" {
  description = "Seconds that the apply role can be held: GitHub's and Bitbucket's jobs ask for an hour unless told otherwise."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_session_duration >= 3600 && var.max_session_duration <= 43200
    error_message = "The max_session_duration must be 3600 to 43200 seconds."
  }
}

variable "tags" {
  description = "Tags for everything that the module creates, over the provider's default_tags."
  type        = map(string)
  default     = {}
}
