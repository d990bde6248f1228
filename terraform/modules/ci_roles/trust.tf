# Who may take the two roles. A pull request can take the plan role, and never the apply role.
locals {
  issuer = (
    var.host == "github" ? try(var.github.issuer, "") :
    var.host == "bitbucket" ? "api.bitbucket.org/2.0/workspaces/${split("/", var.repository)[0]}/pipelines-config/identity/oidc" : ""
  )

  bitbucket = { for key, uuid in coalesce(var.bitbucket, { workspace_uuid = "", repository_uuid = "", environment_uuid = "" }) : key => trim(uuid, "{}") }

  audience = (
    var.host == "github" ? try(var.github.audience, "") : "ari:cloud:bitbucket::workspace/${local.bitbucket.workspace_uuid}"
  )

  provider_arn = var.oidc_provider_arn != null ? var.oidc_provider_arn : "arn:${local.partition}:iam::${local.account_id}:oidc-provider/${local.issuer}"

  # GitHub's subject in both forms: with the names alone, and with the IDs behind them. A repository has one of the two.
  github_repositories = distinct([
    "repo:${var.repository}",
    try(var.github.owner_id, "") == "" ? "repo:${var.repository}" :
    "repo:${split("/", var.repository)[0]}@${var.github.owner_id}/${try(split("/", var.repository)[1], "")}@${var.github.repository_id}",
  ])

  # Bitbucket's is {REPOSITORY}:{STEP}, in a deployment {REPOSITORY}:{ENVIRONMENT}:{STEP}. A step's UUID is always new.
  any_uuid = "{????????-????-????-????-????????????}"

  subjects = {
    github = {
      plan  = flatten([for each in local.github_repositories : ["${each}:pull_request", "${each}:ref:refs/heads/${var.branch}"]])
      apply = [for each in local.github_repositories : "${each}:environment:${replace(var.environment, ":", "%3A")}"]
    }
    bitbucket = {
      plan  = ["{${local.bitbucket.repository_uuid}}:${local.any_uuid}"]
      apply = ["{${local.bitbucket.repository_uuid}}:{${local.bitbucket.environment_uuid}}:${local.any_uuid}"]
    }
  }

  projects = coalesce(var.codebuild_projects, { plan = "${var.name}-plan", apply = "${var.name}-apply" })

  trust_policies = { for use in ["plan", "apply"] : use => var.host == "codecommit" ? jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = "arn:${local.partition}:codebuild:${local.region}:${local.account_id}:project/${local.projects[use]}" }
      }
    }]
    }) : jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider_arn }
      Condition = merge(
        { StringEquals = merge(
          { "${local.issuer}:aud" = local.audience },
          { for subjects in var.host == "github" ? [local.subjects.github[use]] : [] : "${local.issuer}:sub" => subjects },
        ) },
        { for subjects in var.host == "bitbucket" ? [local.subjects.bitbucket[use]] : [] : "StringLike" => { "${local.issuer}:sub" = subjects } },
      )
    }]
  }) }
}
