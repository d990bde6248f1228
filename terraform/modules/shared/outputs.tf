output "shared" {
  description = "What the module codepipeline takes as its input `shared`."
  value = {
    artefact_bucket_name  = var.artefact_bucket_name
    codepipeline_role_arn = var.roles ? "arn:${local.partition}:iam::${local.account_id}:role/${local.short_name}-codepipeline" : null
    codebuild_role_arn    = var.roles ? "arn:${local.partition}:iam::${local.account_id}:role/${local.short_name}-codebuild" : null
    events_role_arn       = var.roles ? "arn:${local.partition}:iam::${local.account_id}:role/${local.short_name}-events" : null
    instance_profile_name = var.roles && var.network == "session-manager" ? local.instance_name : null
    notifications         = var.notifications != null
  }

  precondition {
    condition     = length(var.pipelines) > 0 || (!var.roles && var.notifications == null)
    error_message = "Roles and notifications need pipelines, for example [\"*-ami-pipeline\"]."
  }

  # Built from names, so that a plan knows what a pipeline need not make; what has the names must stand before.
  depends_on = [
    aws_iam_instance_profile.instance,
    aws_iam_role_policy.instance,
    aws_iam_role_policy.codebuild,
    aws_iam_role_policy.codepipeline,
    aws_iam_role_policy.events,
    aws_iam_role_policy_attachment.codebuild,
    aws_iam_role_policy_attachment.features,
    aws_iam_role_policy_attachment.network_and_sharing,
    aws_iam_role_policy_attachment.secrets,
    aws_s3_bucket_policy.artefacts,
  ]
}
