output "build_project_name" {
  description = "Name of the dispatcher's CodeBuild project: start a build of it to dispatch by hand."
  value       = aws_codebuild_project.this.name
}

output "build_project_arn" {
  description = "ARN of the dispatcher's CodeBuild project."
  value       = aws_codebuild_project.this.arn
}

output "table_name" {
  description = "Name of the table with one item an image."
  value       = aws_dynamodb_table.state.name
}

output "role_arns" {
  description = "ARNs of the roles by service: codebuild, events."
  value = {
    codebuild = aws_iam_role.codebuild.arn
    events    = aws_iam_role.events.arn
  }
}

output "log_group_name" {
  description = "Name of the log group that the dispatcher writes to."
  value       = aws_cloudwatch_log_group.this.name
}
