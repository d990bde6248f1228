data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Of arn:PARTITION:sts::ACCOUNT:..., which saves to read aws_partition.
  partition = split(":", data.aws_caller_identity.current.arn)[1]

  # `id` is the region's name in every provider: `name` is deprecated in 6, `region` is unknown before 6.
  region = data.aws_region.current.id
  domain = lookup({
    aws-cn    = "amazonaws.com.cn"
    aws-eusc  = "amazonaws.eu"
    aws-iso   = "c2s.ic.gov"
    aws-iso-b = "sc2s.sgov.gov"
    aws-iso-e = "cloud.adc-e.uk"
    aws-iso-f = "csp.hci.ic.gov"
  }, local.partition, "amazonaws.com")

  # IAM and EventBridge allow 64 characters. A long name is cut and made unique again by a digest of the whole.
  short_name = length(var.name) <= 51 ? var.name : "${substr(var.name, 0, 42)}-${substr(sha256(var.name), 0, 8)}"

  log_group_name = "/aws/codebuild/${var.name}"
  project_arn    = "arn:${local.partition}:codebuild:${local.region}:${local.account_id}:project/${var.name}"
  repository_arn = "arn:${local.partition}:codecommit:${local.region}:${local.account_id}:${var.source_repository}"
}

# One item an image: its last good commit, the execution that is under way, and what it is still to be built for.
resource "aws_dynamodb_table" "state" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "image"
  tags         = var.tags

  attribute {
    name = "image"
    type = "S"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_codebuild_project" "this" {
  name           = var.name
  description    = "Starts the pipelines of the images that a push to ${var.source_repository} affects"
  service_role   = aws_iam_role.codebuild.arn
  build_timeout  = var.timeout
  source_version = "refs/heads/${var.branch}"
  tags           = var.tags

  source {
    type            = "CODECOMMIT"
    location        = "https://git-codecommit.${local.region}.${local.domain}/v1/repos/${var.source_repository}"
    buildspec       = file("${path.module}/buildspec.yml")
    git_clone_depth = 0 # the whole history: the last good commits are in it
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = "BUILD_GENERAL1_SMALL"
    image                       = var.image
    image_pull_credentials_type = startswith(var.image, "aws/codebuild/") ? "CODEBUILD" : "SERVICE_ROLE"
    privileged_mode             = false

    dynamic "environment_variable" {
      for_each = {
        TFGEN_REQUIREMENT            = var.tfgen_requirement
        TFGEN_DISPATCH_TABLE         = aws_dynamodb_table.state.name
        TFGEN_DISPATCH_BRANCH        = var.branch
        TFGEN_DISPATCH_CHILDREN      = tostring(var.children)
        TFGEN_DISPATCH_MAX_IN_FLIGHT = tostring(var.max_in_flight)
        TFGEN_DISPATCH_PROJECT       = var.name
        TFGEN_DISPATCH_RETRY         = "false"
      }

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
      group_name = aws_cloudwatch_log_group.this.name
    }
  }

  depends_on = [aws_iam_role_policy.codebuild]
}
