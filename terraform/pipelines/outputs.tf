output "account_id" {
  description = "Account that the pipelines are in."
  value       = local.account_id
}

output "region" {
  description = "Region that the pipelines are in."
  value       = var.region
}
