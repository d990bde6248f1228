# The least that the module needs: one template, one pipeline.
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

module "wordpress" {
  source = "../.."

  project_name         = "wordpress-ami-pipeline"
  project_description  = "Builds the wordpress AMI from packer/wordpress.json"
  artefact_bucket_name = "wordpress-ami-builder-artefacts-${data.aws_caller_identity.current.account_id}"
  source_repository    = "ami-builder"

  environment_vars = {
    PACKER_SCRIPT = "packer/wordpress.json"
    SUBNET_ID     = "subnet-0a1b2c3d4e5f60718"
    VPC_ID        = "vpc-04f99e5833c3a909b"
  }
}

output "pipeline_arn" {
  description = "ARN of the pipeline."
  value       = module.wordpress.pipeline_arn
}
