data "aws_caller_identity" "current" {}

locals {
  # The generated files put it into bucket names, which are global.
  account_id = data.aws_caller_identity.current.account_id
}
