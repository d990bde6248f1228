# Made from modules/codepipeline/variables_secrets.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

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
