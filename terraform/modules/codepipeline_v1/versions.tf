# Made from modules/codepipeline/versions.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.39, < 6"
    }
  }
}
