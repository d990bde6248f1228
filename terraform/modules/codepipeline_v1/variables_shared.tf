# Made from modules/codepipeline/variables_shared.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

variable "shared" {
  description = "What several pipelines have together, instead of each its own: the output `shared` of the module `shared`. A build can then read and overwrite the artefacts of the others, and do what any of them needs. Null means that the pipeline has its own bucket, roles and rules."
  type = object({
    artefact_bucket_name  = optional(string)
    codepipeline_role_arn = optional(string)
    codebuild_role_arn    = optional(string)
    events_role_arn       = optional(string)
    instance_profile_name = optional(string)
    notifications         = optional(bool, false)
  })
  default  = null
  nullable = true

  validation {
    condition = length([
      for arn in [try(var.shared.codepipeline_role_arn, null), try(var.shared.codebuild_role_arn, null), try(var.shared.events_role_arn, null)] :
      arn if can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", arn))
    ]) == (try(var.shared.codebuild_role_arn, null) == null ? 0 : 3)
    error_message = "The shared roles must be the ARNs of all three, for codepipeline, codebuild and events, or none of them."
  }
}
