output "plan_role_arn" {
  description = "ARN of the plan role: TFGEN_PLAN_ROLE of the repository."
  value       = aws_iam_role.plan.arn
}

output "apply_role_arn" {
  description = "ARN of the apply role: TFGEN_APPLY_ROLE of the environment or deployment."
  value       = aws_iam_role.apply.arn
}

output "permissions_boundary" {
  description = "ARN of the boundary: the input permissions_boundary of every pipeline and of the dispatcher ([inputs] of tfgen.toml)."
  value       = aws_iam_policy.boundary.arn
}

output "oidc_provider_arn" {
  description = "ARN of the OIDC provider that the roles trust; null for CodeCommit."
  value       = var.host == "codecommit" ? null : local.provider_arn
}
