# Two images that share bucket, roles and the rule that tells how executions end.
terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39, < 7"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {}

locals {
  images = toset(["base", "wordpress"])
}

module "shared" {
  source = "../.."

  name                 = "ami-builder-shared"
  pipelines            = ["*-ami-pipeline"]
  artefact_bucket_name = "ami-builder-artefacts-${data.aws_caller_identity.current.account_id}"
  source_repository    = "ami-builder"
}

module "image" {
  source   = "../../../codepipeline"
  for_each = local.images

  project_name         = "${each.key}-ami-pipeline"
  project_description  = "Builds the ${each.key} AMI from packer/${each.key}.json"
  artefact_bucket_name = "${each.key}-ami-builder-artefacts-${data.aws_caller_identity.current.account_id}"
  source_repository    = "ami-builder"
  shared               = module.shared.shared

  environment_vars = { PACKER_SCRIPT = "packer/${each.key}.json" }
}
