# State is kept beside these files until a team shares it. To keep it in S3 (versioned bucket, one lock file),
# replace the block by this and run: terraform init -migrate-state
#
#   backend "s3" {
#     bucket       = "my-terraform-state"
#     key          = "ami-pipelines/terraform.tfstate"
#     region       = "eu-west-1"
#     encrypt      = true
#     use_lockfile = true # Terraform 1.10 or newer
#   }
terraform {
  backend "local" {
    path = "terraform.tfstate"
  }
}
