data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Of arn:PARTITION:sts::ACCOUNT:..., which saves to read aws_partition.
  partition = split(":", data.aws_caller_identity.current.arn)[1]

  # `id` is the region's name in every provider: `name` is deprecated in 6, `region` is unknown before 6.
  region = data.aws_region.current.id

  # Built from names: a plan shows the policies whole.
  plan_arn     = "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-plan"
  apply_arn    = "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-apply"
  boundary_arn = "arn:${local.partition}:iam::${local.account_id}:policy/${var.name}-boundary"
}

resource "aws_iam_openid_connect_provider" "this" {
  count = var.host == "codecommit" || var.oidc_provider_arn != null ? 0 : 1

  url             = "https://${local.issuer}"
  client_id_list  = [local.audience]
  thumbprint_list = coalesce(var.oidc_thumbprints, [var.host == "github" ? "6938fd4d98bab03faadb97b34396831e3780aea1" : "a031c46782e6e6c662c2c87c76da9aa62ccabd8e"])
  tags            = var.tags
}

resource "aws_iam_role" "plan" {
  name               = "${var.name}-plan"
  description        = "CI plans pull requests of ${var.repository}: reads, and locks the state"
  assume_role_policy = local.trust_policies["plan"]
  tags               = var.tags

  lifecycle {
    precondition {
      condition     = (var.host == "github") == (var.github != null) && (var.host == "bitbucket") == (var.bitbucket != null)
      error_message = "With host = \"github\" give github and not bitbucket, with \"bitbucket\" the other way round, with \"codecommit\" neither."
    }

    precondition {
      condition     = (var.host != "codecommit") == strcontains(var.repository, "/")
      error_message = "The repository of GitHub is OWNER/NAME, of Bitbucket WORKSPACE/NAME, of CodeCommit NAME alone."
    }
  }
}

resource "aws_iam_role" "apply" {
  name                 = "${var.name}-apply"
  description          = "CI applies reviewed plans of ${var.repository}"
  assume_role_policy   = local.trust_policies["apply"]
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = var.max_session_duration
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = length(local.own_names) == 0
      error_message = "Names of this module match pipeline_names (${join(", ", local.own_names)}): the apply role could change itself. Give another name."
    }
  }
}

resource "aws_iam_role_policy" "plan" {
  name = "plan"
  role = aws_iam_role.plan.id

  policy = jsonencode({ Version = "2012-10-17", Statement = local.plan_statements })
}

resource "aws_iam_role_policy_attachment" "plan" {
  for_each = var.plan_policy_arns

  role       = aws_iam_role.plan.name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "apply" {
  name = "apply"
  role = aws_iam_role.apply.id

  policy = jsonencode({ Version = "2012-10-17", Statement = local.apply_statements })

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.apply_statements)) <= 10100
      error_message = "The policy of the apply role is longer than IAM allows (10240 characters). Give fewer pipeline_names, bucket_names and keys: patterns with *."
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-boundary"
  description = "The most that the apply role of ${var.repository} and the roles that it makes may do"
  tags        = var.tags

  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.boundary_statements, local.protection) })

  lifecycle {
    precondition {
      condition     = length(jsonencode(concat(local.boundary_statements, local.protection))) <= 6000
      error_message = "The boundary is longer than IAM allows (6144 characters). Give fewer pipeline_names, bucket_names and keys: patterns with *."
    }

    precondition {
      condition     = length(local.forbidden) == 0
      error_message = "The boundary_policy forbids what the pipelines need: ${join(", ", local.forbidden)}. Allow these actions in it."
    }
  }
}
