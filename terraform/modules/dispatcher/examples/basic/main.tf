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

module "dispatcher" {
  source = "../.."

  name              = "ami-builder-dispatcher"
  source_repository = "ami-builder"
  tfgen_requirement = "tfgen-ami @ git+https://example.com/tfgen@4b825dc642cb6eb9a060e54bf8d69288fbee4904"

  pipelines = {
    base      = "base-ami-pipeline"
    wordpress = "wordpress-ami-pipeline"
  }
}
