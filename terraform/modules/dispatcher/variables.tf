variable "name" {
  description = "Name of the dispatcher: of its CodeBuild project and its table. Role, rule and policy names derive from it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{2,99}$", var.name))
    error_message = "The name must be 3 to 100 letters, digits, '-' or '_', the first a letter or a digit."
  }
}

variable "source_repository" {
  description = "Name of the CodeCommit repository that holds the templates, in the same account and region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.source_repository)) && !endswith(var.source_repository, ".git")
    error_message = "The source_repository must be a CodeCommit repository name (1 to 100 letters, digits, '.', '_', '-'), not a URL."
  }
}

variable "branch" {
  description = "Branch of the source repository whose changes start the dispatcher; the pipelines must build the same one."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s~^:?*\\[\\\\]{1,256}$", var.branch))
    error_message = "The branch must be a git branch name of at most 256 characters."
  }
}

variable "pipelines" {
  description = "The pipelines that it may start: name of the image -> name of the pipeline, in the same account and region."
  type        = map(string)
  nullable    = false

  validation {
    condition = length(var.pipelines) > 0 && alltrue([
      for name in values(var.pipelines) : can(regex("^[A-Za-z0-9.@_-]{1,100}$", name))
    ])
    error_message = "The pipelines must be at least one, each with the name of a pipeline (1 to 100 letters, digits, '.', '@', '-', '_')."
  }
}

variable "pipeline_patterns" {
  description = "Names of pipelines, with `*`, that it may start instead of exactly the `pipelines`: where those are so many that their ARNs do not fit into ten IAM policies."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for pattern in var.pipeline_patterns : can(regex("^[A-Za-z0-9.@_*-]*[A-Za-z0-9.@_-]{3}[A-Za-z0-9.@_*-]*$", pattern))])
    error_message = "Each of the pipeline_patterns must be a pipeline's name with '*' in it and three other characters in a row, for example *-ami-pipeline."
  }
}

variable "tfgen_requirement" {
  description = "What pip installs tfgen from: the URL of a wheel that ends in #sha256= and 64 hex digits, or git+https://... that ends in @ and the 40 hex digits of a commit; never a name alone, which anyone may take in a package index. It runs with the rights to start the pipelines."
  type        = string
  nullable    = false

  validation {
    condition = anytrue([
      can(regex("^((?i:tfgen(-|_|\\.)+ami)(\\[[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*\\])? ?@ ?)?(https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/|file:///)[A-Za-z0-9._~/@+=,:%-]+#sha256=[0-9a-f]{64}$", var.tfgen_requirement)),
      can(regex("^((?i:tfgen(-|_|\\.)+ami)(\\[[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*\\])? ?@ ?)?git\\+(https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/|ssh://([A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/|file:///)[A-Za-z0-9._~/@+=,:%-]+@[0-9a-f]{40}$", var.tfgen_requirement)),
    ])
    error_message = "The tfgen_requirement must be the URL of a wheel with #sha256= and 64 hex digits at its end, or git+https://... with @ and the 40 hex digits of a commit; 'tfgen-ami @ ' may stand before it."
  }
}

variable "children" {
  description = "Whether images are built again when their parent was: their source AMI is another one."
  type        = bool
  default     = true
  nullable    = false
}

variable "max_in_flight" {
  description = "How many executions dispatchers have under way at a time, over all images. 5 is what an account takes that runs one build at a time and queues five; an account that runs more takes as many as it runs. 0 means any number."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_in_flight >= 0 && var.max_in_flight <= 10000 && floor(var.max_in_flight) == var.max_in_flight
    error_message = "The max_in_flight must be a whole number from 0 (any number) to 10000."
  }
}

variable "sweep" {
  description = "EventBridge schedule (rate or cron) on which a dispatcher looks for what a lost event or a full build queue has left open. Null means never."
  type        = string
  default     = "rate(1 hour)"
  nullable    = true

  validation {
    condition = var.sweep == null || can(
      regex("^rate\\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\\)$", var.sweep)
      ) || can(
      # Minutes, hours, day of the month, month, day of the week, year; of the two days exactly one is '?'.
      regex(
        join("", [
          "^cron\\((\\*|[0-5]?[0-9])([,/-][0-5]?[0-9])* (\\*|[01]?[0-9]|2[0-3])([,/-]([01]?[0-9]|2[0-3]))* ",
          "(\\? [0-9A-Z*,/-]+ [0-9A-Z*,/#-]+|[0-9LW*,/-]+ [0-9A-Z*,/-]+ \\?) [0-9*,/-]+\\)$",
        ]),
        var.sweep
      )
    )
    error_message = "The sweep must be an EventBridge schedule, for example rate(1 hour) or cron(0 6 * * ? *), or null."
  }
}

variable "dead_letter_queue_arn" {
  description = "ARN of an SQS queue that gets the events of which CodeBuild could not be told in time; its policy must let events.amazonaws.com send. Null means none."
  type        = string
  default     = null
  nullable    = true

  validation {
    condition     = var.dead_letter_queue_arn == null || can(regex("^arn:[^:]+:sqs:[^:]+:[^:]*:[A-Za-z0-9_-]{1,80}$", var.dead_letter_queue_arn))
    error_message = "The dead_letter_queue_arn must be the ARN of a standard SQS queue, or null."
  }
}

variable "timeout" {
  description = "Minutes after which CodeBuild ends a dispatcher. It waits for no pipeline: it clones the repository, compares and starts. What it started goes on; the next one takes it up."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout >= 5 && var.timeout <= 480 && floor(var.timeout) == var.timeout
    error_message = "The timeout must be a whole number of minutes from 5 to 480."
  }
}

variable "image" {
  description = "Container image of the dispatcher's build: git and Python 3.11 or newer."
  type        = string
  default     = "aws/codebuild/standard:7.0"
  nullable    = false

  validation {
    condition     = can(regex("^\\S+$", var.image))
    error_message = "The image must be a container image reference without spaces."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the dispatcher's logs."
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
