data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Of arn:PARTITION:sts::ACCOUNT:..., which saves to read aws_partition for every image.
  partition = split(":", data.aws_caller_identity.current.arn)[1]

  # `id` is the region's name in every provider: `name` is deprecated in 6, `region` is unknown before 6.
  region = data.aws_region.current.id

  # IAM and EventBridge allow 64 characters, of which "-codepipeline" takes 13. A long name is cut and made
  # unique again by a digest of the whole, so it is stable and two long names never meet.
  short_name = (
    length(var.project_name) <= 51 ? var.project_name : "${substr(var.project_name, 0, 42)}-${substr(sha256(var.project_name), 0, 8)}"
  )

  # Built from names, not read from resources: a plan shows the policies whole, and a change of a bucket's
  # tags does not make every policy "known after apply".
  bucket_arn     = "arn:${local.partition}:s3:::${local.own_bucket == 1 ? var.artefact_bucket_name : var.shared.artefact_bucket_name}"
  log_group_name = "/aws/codebuild/${var.project_name}"
  project_arn    = "arn:${local.partition}:codebuild:${local.region}:${local.account_id}:project/${var.project_name}"
  repository_arn = "arn:${local.partition}:codecommit:${local.region}:${local.account_id}:${var.source_repository}"

  connected = var.source_type == "codeconnections"

  # 0 where the module `shared` has made it.
  own_bucket = try(var.shared.artefact_bucket_name, null) == null ? 1 : 0
  own_roles  = try(var.shared.codebuild_role_arn, null) == null ? 1 : 0

  # The role and the profile of an instance that is reached by a session: see network.tf.
  instance_name = local.own_roles == 1 ? "${local.short_name}-instance" : try(var.shared.instance_profile_name, null)
}
