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
  tfgen_requirement = "tfgen==0.1.0"

  pipelines = {
    base      = "base-ami-pipeline"
    wordpress = "wordpress-ami-pipeline"
  }
}
