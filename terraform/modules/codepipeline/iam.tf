# One role per service, and each trusts its service only on behalf of this account.
resource "aws_iam_role" "codepipeline" {
  name                 = "${local.short_name}-codepipeline"
  description          = "CodePipeline runs ${var.project_name}"
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
  name                 = "${local.short_name}-codebuild"
  description          = "CodeBuild builds the image of ${var.project_name}"
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
  name                 = "${local.short_name}-events"
  description          = "EventBridge starts ${var.project_name}"
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
        ArnEquals    = { "aws:SourceArn" = local.rule_arn }
      }
    }]
  })
}

locals {
  artefact_statements = [
    {
      Sid      = "Artefacts"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
      Resource = "${local.bucket_arn}/*"
    },
    {
      Sid      = "ArtefactBucket"
      Effect   = "Allow"
      Action   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
      Resource = local.bucket_arn
    },
  ]

  key_statements = [
    for arn in var.kms_key_arn == null ? [] : [var.kms_key_arn] : {
      Sid      = "ArtefactKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
      Resource = arn
    }
  ]

  # The minimum that Packer documents for amazon-ebs, in two halves: what only looks, and what acts.
  packer_reads = [
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
  ]
  packer_acts = [
    "ec2:AttachVolume",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CopyImage",
    "ec2:CreateImage",
    "ec2:CreateKeyPair",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSnapshot",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteKeyPair",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSnapshot",
    "ec2:DeleteVolume",
    "ec2:DeregisterImage",
    "ec2:DetachVolume",
    "ec2:GetPasswordData",
    "ec2:ModifyImageAttribute",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifySnapshotAttribute",
    "ec2:RegisterImage",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
  ]
  packer_regions = sort(setunion(var.image_regions, [local.region]))
}

resource "aws_iam_role_policy" "codepipeline" {
  name = "pipeline"
  role = aws_iam_role.codepipeline.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
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
          Resource = local.repository_arn
        },
        {
          Sid      = "Build"
          Effect   = "Allow"
          Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
          Resource = local.project_arn
        },
      ],
      local.artefact_statements,
      local.key_statements,
    )
  })
}

resource "aws_iam_role_policy" "codebuild" {
  name = "build"
  role = aws_iam_role.codebuild.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${local.log_group_arn}:*"
        },
        {
          # EC2's Describe actions know no resources, so the region is the only limit that they take.
          Sid       = "PackerReads"
          Effect    = "Allow"
          Action    = local.packer_reads
          Resource  = "*"
          Condition = { StringEquals = { "aws:RequestedRegion" = local.packer_regions } }
        },
        {
          Sid       = "PackerActs"
          Effect    = "Allow"
          Action    = local.packer_acts
          Resource  = [for region in local.packer_regions : "arn:${local.partition}:ec2:${region}:*:*"]
          Condition = { StringEquals = { "aws:RequestedRegion" = local.packer_regions } }
        },
      ],
      local.artefact_statements,
      local.key_statements,
    )
  })
}

resource "aws_iam_role_policy_attachment" "codebuild" {
  for_each = var.build_policy_arns

  role       = aws_iam_role.codebuild.name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "events" {
  name = "start"
  role = aws_iam_role.events.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Start"
      Effect   = "Allow"
      Action   = "codepipeline:StartPipelineExecution"
      Resource = local.pipeline_arn
    }]
  })
}
