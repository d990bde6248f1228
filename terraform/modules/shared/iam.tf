# Made from modules/codepipeline/iam.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

# One role per service, and each trusts its service only on behalf of this account.
resource "aws_iam_role" "codepipeline" {
  count = local.own_roles

  name                 = "${local.short_name}-codepipeline"
  description          = "CodePipeline runs ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codepipeline.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role" "codebuild" {
  count = local.own_roles

  name                 = "${local.short_name}-codebuild"
  description          = "CodeBuild builds the image of ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = local.project_arn }
      }
    }]
  })
}

resource "aws_iam_role" "events" {
  count = length(local.starting_rules) == 0 ? 0 : local.own_roles

  name                 = "${local.short_name}-events"
  description          = "EventBridge starts ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals = { "aws:SourceArn" = [
          for rule in local.starting_rules :
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/*-${rule}"
        ] }
      }
    }]
  })
}

locals {
  artefact_statements = concat(
    [
      {
        Sid      = "Artefacts"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
        Resource = [for arn in local.bucket_arn : "${arn}/*"]
      },
      {
        Sid      = "ArtefactBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
        Resource = local.bucket_arn
      },
    ],
    [
      for arn in var.kms_key_arn == null ? [] : [var.kms_key_arn] : {
        Sid      = "ArtefactKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource = arn
        # For objects in S3 alone; how the name ends depends on the partition.
        Condition = { StringLike = { "kms:ViaService" = "s3.${local.region}.*" } }
      }
    ],
  )

  # CodeConnections has had two names: both are asked for, by the age of the connection and of the service. A connection
  # reaches every repository of its installation. The key is there only when one of them is used (hence ForAllValues).
  connection_statements = {
    for service in local.connected ? ["codeconnections", "codestar-connections"] : [] : service => {
      Sid       = service == "codeconnections" ? "Connection" : "ConnectionByItsOldName"
      Effect    = "Allow"
      Action    = "${service}:UseConnection"
      Resource  = var.connection_arn
      Condition = { "ForAllValues:StringEquals" = { "${service}:FullRepositoryId" = var.source_repository } }
    }
  }
}

resource "aws_iam_role_policy" "codepipeline" {
  count = local.own_roles

  name = "pipeline"
  role = aws_iam_role.codepipeline[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Build"
          Effect   = "Allow"
          Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
          Resource = local.project_arn
        },
      ],
      [
        for arn in local.connected ? [] : [local.repository_arn] : {
          Sid    = "Source"
          Effect = "Allow"
          Action = [
            "codecommit:CancelUploadArchive",
            "codecommit:GetBranch",
            "codecommit:GetCommit",
            "codecommit:GetRepository",
            "codecommit:GetUploadArchiveStatus",
            "codecommit:UploadArchive",
          ]
          Resource = arn
        }
      ],
      [
        for arn in length(var.approval_topic_arns) == 0 ? [] : [var.approval_topic_arns] : {
          Sid      = "Approval"
          Effect   = "Allow"
          Action   = "sns:Publish"
          Resource = arn
        }
      ],
      values(local.connection_statements),
      local.artefact_statements,
    )
  })
}

resource "aws_iam_role_policy" "events" {
  count = length(aws_iam_role.events)

  name = "start"
  role = aws_iam_role.events[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Start"
      Effect   = "Allow"
      Action   = "codepipeline:StartPipelineExecution"
      Resource = [for name in var.pipelines : "arn:${local.partition}:codepipeline:${local.region}:${local.account_id}:${name}"]
    }]
  })
}
