# Every choice of the module: a repository on GitHub, an approval, a build in a VPC each Monday too, a key of its own.
terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.70, < 7"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  tags       = { team = "images" }

  profile = "arn:aws:iam::${local.account_id}:instance-profile/image-build"
  role    = "arn:aws:iam::${local.account_id}:role/image-build"

  # Those that the module makes for a session.
  session = [for kind in ["instance-profile", "role"] : "arn:aws:iam::${local.account_id}:${kind}/wordpress-ami-pipeline-instance"]
}

module "wordpress" {
  source = "../.."

  project_name         = "wordpress-ami-pipeline"
  project_description  = "Builds the wordpress AMI from packer/wordpress.json"
  artefact_bucket_name = "wordpress-ami-builder-artefacts-${local.account_id}"

  source_type       = "codeconnections"
  connection_arn    = var.connection_arn
  source_repository = "example/ami-builder"
  branch            = "release"
  full_clone        = true
  schedule          = "cron(0 4 ? * MON *)"
  approval          = { topic_arn = aws_sns_topic.images.arn }
  notifications     = { topic_arn = aws_sns_topic.images.arn, states = ["FAILED", "STOPPED", "SUCCEEDED"] }

  # A push that changes none of these starts nothing, and no execution overtakes another.
  file_paths     = ["packer/wordpress.json", "ansible/**"]
  execution_mode = "QUEUED"

  environment_vars = {
    PACKER_SCRIPT = "packer/wordpress.json"
    SUBNET_ID     = var.subnet_ids[0]
    VPC_ID        = var.vpc_id
  }
  # What CodeBuild fetches as the build starts: no value is written here.
  environment_secrets = {
    DB_PASSWORD = { secret = "app/database:password" }
    API_TOKEN   = { parameter = "/app/api-token" }
  }
  secret_key_arns = [aws_kms_key.artefacts.arn]

  vpc_config = {
    vpc_id     = var.vpc_id
    subnet_ids = var.subnet_ids
  }
  network = "session-manager"

  # Where the build may start its instances, and whom it may give what it has made.
  vpc_id              = var.vpc_id
  subnet_ids          = var.subnet_ids
  share_with_accounts = var.share_with_accounts

  # What the template does besides: it says when its image is too old, and its spot instance has a profile.
  build_features    = ["deprecation", "spot"]
  instance_profiles = { (local.profile) = local.role }

  # A good build sets the first channel of its image.
  publish_parameter = "/images/complete/dev"

  buildspec          = "buildspec.yml"
  build_timeout      = 90
  compute_type       = "BUILD_GENERAL1_MEDIUM"
  image              = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
  image_regions      = ["eu-central-1"]
  instance_tags      = { BuiltBy = ["Packer"] }
  log_retention_days = 30

  kms_key_arn          = aws_kms_key.artefacts.arn
  permissions_boundary = aws_iam_policy.boundary.arn
  build_policy_arns    = { volumes = aws_iam_policy.volumes.arn }
  force_destroy        = true
  tags                 = local.tags
}

resource "aws_kms_key" "artefacts" {
  description             = "Artefacts, volumes and images of the wordpress image's pipeline"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = local.tags
}

resource "aws_sns_topic" "images" {
  name = "wordpress-ami-pipeline"
  tags = local.tags
}

# EventBridge asks the topic, not a role. No Condition: EventBridge sends a topic nothing that one could look at, so it
# would refuse every message. The pipeline asks too, and has its right from the module.
resource "aws_sns_topic_policy" "images" {
  arn = aws_sns_topic.images.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Notifications"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = "events.amazonaws.com" }
      Resource  = aws_sns_topic.images.arn
    }]
  })
}

# What the template needs that the module has no input for: its volumes and images are encrypted with this key.
resource "aws_iam_policy" "volumes" {
  name = "wordpress-ami-pipeline-volumes"
  tags = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"]
        Resource  = aws_kms_key.artefacts.arn
        Condition = { StringEquals = { "kms:ViaService" = "ec2.eu-west-1.amazonaws.com" } }
      },
      {
        Sid      = "Grants"
        Effect   = "Allow"
        Action   = "kms:CreateGrant"
        Resource = aws_kms_key.artefacts.arn
        Condition = {
          StringEquals = { "kms:ViaService" = "ec2.eu-west-1.amazonaws.com" }
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
        }
      },
    ]
  })
}

# No role of the pipeline may ever touch IAM, but for handing over these two roles.
resource "aws_iam_policy" "boundary" {
  name = "wordpress-ami-pipeline-boundary"
  tags = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AllButIam"
        Effect    = "Allow"
        NotAction = ["iam:*", "organizations:*", "account:*"]
        Resource  = "*"
      },
      {
        Sid      = "HandOver"
        Effect   = "Allow"
        Action   = ["iam:GetInstanceProfile", "iam:PassRole"]
        Resource = concat([local.profile, local.role], local.session)
      },
    ]
  })
}

output "pipeline_arn" {
  description = "ARN of the pipeline."
  value       = module.wordpress.pipeline_arn
}

output "role_arns" {
  description = "ARNs of the roles by service."
  value       = module.wordpress.role_arns
}

output "security_group_id" {
  description = "Id of the build machine's security group."
  value       = module.wordpress.security_group_id
}
