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

module "ci_roles" {
  source = "../.."

  host       = "bitbucket"
  repository = "example-team/ami-builder"

  bitbucket = {
    workspace_uuid   = "6f0b6f3c-2f0a-4f5e-9a53-1f6f8f1f0a01"
    repository_uuid  = "6f0b6f3c-2f0a-4f5e-9a53-1f6f8f1f0a02"
    environment_uuid = "6f0b6f3c-2f0a-4f5e-9a53-1f6f8f1f0a03"
  }

  state = {
    bucket = "example-terraform-state"
    keys   = ["ami-builder/terraform.tfstate"]
  }

  pipeline_names = ["*-ami-pipeline", "ami-builder-dispatcher"]
  bucket_names   = ["*-ami-builder-artefacts-*"]
}

output "roles" {
  description = "What the host's variables and the pipelines' input permissions_boundary are set to."
  value       = module.ci_roles
}
