output "pipeline_name" {
  description = "Name of the pipeline."
  value       = aws_codepipeline.this.name
}

output "pipeline_arn" {
  description = "ARN of the pipeline."
  value       = aws_codepipeline.this.arn
}

output "build_project_name" {
  description = "Name of the CodeBuild project."
  value       = aws_codebuild_project.this.name
}

output "build_project_arn" {
  description = "ARN of the CodeBuild project."
  value       = aws_codebuild_project.this.arn
}

output "role_arns" {
  description = "ARNs of the roles by service, also of shared ones: codepipeline, codebuild, events. events is null where nothing starts the pipeline by EventBridge."
  value = {
    codepipeline = local.own_roles == 1 ? aws_iam_role.codepipeline[0].arn : var.shared.codepipeline_role_arn
    codebuild    = local.own_roles == 1 ? aws_iam_role.codebuild[0].arn : var.shared.codebuild_role_arn
    events       = local.own_roles == 1 ? one(aws_iam_role.events[*].arn) : var.shared.events_role_arn
  }
}

output "artefact_bucket_name" {
  description = "Name of the artefact bucket, also of a shared one."
  value       = local.own_bucket == 1 ? aws_s3_bucket.artefacts[0].bucket : var.shared.artefact_bucket_name
}

output "artefact_bucket_arn" {
  description = "ARN of the artefact bucket, also of a shared one."
  value       = local.bucket_arn
}

output "log_group_name" {
  description = "Name of the log group that the builds write to."
  value       = aws_cloudwatch_log_group.build.name
}

output "security_group_id" {
  description = "Id of the build machine's own security group; null without one."
  value       = one(aws_security_group.build[*].id)
}
