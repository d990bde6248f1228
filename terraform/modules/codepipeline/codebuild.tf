resource "aws_cloudwatch_log_group" "build" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_codebuild_project" "this" {
  name           = var.project_name
  description    = var.project_description
  service_role   = aws_iam_role.codebuild.arn
  build_timeout  = var.build_timeout
  encryption_key = var.kms_key_arn
  tags           = var.tags

  source {
    type      = "CODEPIPELINE"
    buildspec = var.buildspec
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = var.compute_type
    image                       = var.image
    image_pull_credentials_type = startswith(var.image, "aws/codebuild/") ? "CODEBUILD" : "SERVICE_ROLE"
    privileged_mode             = false

    dynamic "environment_variable" {
      for_each = var.environment_vars

      content {
        name  = environment_variable.key
        value = environment_variable.value
        type  = "PLAINTEXT"
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      status     = "ENABLED"
      group_name = aws_cloudwatch_log_group.build.name
    }
  }
}
