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

  host       = "github"
  repository = "example-org/ami-builder"

  github = {
    owner_id      = "123456"
    repository_id = "456789"
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
