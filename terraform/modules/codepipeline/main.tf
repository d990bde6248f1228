data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # `id` is the region's name in every provider: `name` is deprecated in 6, `region` is unknown before 6.
  region = data.aws_region.current.id

  # IAM and EventBridge allow 64 characters, of which "-codepipeline" takes 13. A long name is cut and made
  # unique again by a digest of the whole, so it is stable and two long names never meet.
  name_digest = substr(sha256(var.project_name), 0, 8)
  short_name = (
    length(var.project_name) <= 51 ? var.project_name : "${substr(var.project_name, 0, 42)}-${local.name_digest}"
  )

  # Built from names, not read from resources: a plan shows the policies whole, and a change of a bucket's
  # tags does not make every policy "known after apply".
  bucket_arn     = "arn:${local.partition}:s3:::${var.artefact_bucket_name}"
  log_group_name = "/aws/codebuild/${var.project_name}"
  log_group_arn  = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${local.log_group_name}"
  pipeline_arn   = "arn:${local.partition}:codepipeline:${local.region}:${local.account_id}:${var.project_name}"
  project_arn    = "arn:${local.partition}:codebuild:${local.region}:${local.account_id}:project/${var.project_name}"
  repository_arn = "arn:${local.partition}:codecommit:${local.region}:${local.account_id}:${var.source_repository}"
  rule_name      = "${local.short_name}-source"
  rule_arn       = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.rule_name}"
}

# Encryption stands in the bucket policy: no argument for it suits every provider (see README, "Providers").
resource "aws_s3_bucket" "artefacts" {
  bucket        = var.artefact_bucket_name
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "artefacts" {
  bucket = aws_s3_bucket.artefacts.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "artefacts" {
  bucket = aws_s3_bucket.artefacts.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DenyUploadsWithoutKMS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = { StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" } }
      },
    ]
  })

  # S3 refuses two changes of one bucket's access at the same moment.
  depends_on = [aws_s3_bucket_public_access_block.artefacts]
}

resource "aws_codepipeline" "this" {
  name     = var.project_name
  role_arn = aws_iam_role.codepipeline.arn
  tags     = var.tags

  artifact_store {
    location = aws_s3_bucket.artefacts.bucket
    type     = "S3"

    dynamic "encryption_key" {
      for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

      content {
        id   = encryption_key.value
        type = "KMS"
      }
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeCommit"
      version          = "1"
      output_artifacts = ["source"]

      configuration = {
        RepositoryName       = var.source_repository
        BranchName           = var.branch
        PollForSourceChanges = "false"
      }
    }
  }

  stage {
    name = "Build"

    action {
      name             = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      input_artifacts  = ["source"]
      output_artifacts = ["build"]

      configuration = {
        ProjectName = aws_codebuild_project.this.name
      }
    }
  }

  # A pipeline starts the moment it exists, so its rights must stand before.
  depends_on = [
    aws_iam_role_policy.codepipeline,
    aws_iam_role_policy.codebuild,
    aws_s3_bucket_policy.artefacts,
  ]
}

# A push starts the pipeline; nothing polls.
resource "aws_cloudwatch_event_rule" "source" {
  name        = local.rule_name
  description = "Starts ${var.project_name} when ${var.branch} of ${var.source_repository} changes"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.codecommit"]
    "detail-type" = ["CodeCommit Repository State Change"]
    resources     = [local.repository_arn]
    detail = {
      event         = ["referenceCreated", "referenceUpdated"]
      referenceType = ["branch"]
      referenceName = [var.branch]
    }
  })
}

resource "aws_cloudwatch_event_target" "pipeline" {
  rule      = aws_cloudwatch_event_rule.source.name
  target_id = "codepipeline"
  arn       = aws_codepipeline.this.arn
  role_arn  = aws_iam_role.events.arn

  depends_on = [aws_iam_role_policy.events]
}
