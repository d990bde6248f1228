# State is kept beside these files until a team shares it. To keep it in S3 (versioned bucket, one lock file),
# run: tfgen state init --bucket NAME
terraform {
  backend "local" {
    path = "terraform.tfstate"
  }
}
