# Made from modules/codepipeline/outputs.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

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
  description = "ARNs of the roles by service: codepipeline, codebuild, events. events is null where nothing starts the pipeline by EventBridge."
  value = {
    codepipeline = aws_iam_role.codepipeline.arn
    codebuild    = aws_iam_role.codebuild.arn
    events       = one(aws_iam_role.events[*].arn)
  }
}

output "artefact_bucket_name" {
  description = "Name of the artefact bucket."
  value       = aws_s3_bucket.artefacts.bucket
}

output "artefact_bucket_arn" {
  description = "ARN of the artefact bucket."
  value       = aws_s3_bucket.artefacts.arn
}

output "log_group_name" {
  description = "Name of the log group that the builds write to."
  value       = aws_cloudwatch_log_group.build.name
}

output "security_group_id" {
  description = "Id of the build machine's own security group; null without one."
  value       = one(aws_security_group.build[*].id)
}
