# The files iam*.tf, bucket.tf and variables_roles.tf are made from those of codepipeline: these locals are what they ask.
data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # Of arn:PARTITION:sts::ACCOUNT:..., which saves to read aws_partition.
  partition = split(":", data.aws_caller_identity.current.arn)[1]

  # `id` is the region's name in every provider: `name` is deprecated in 6, `region` is unknown before 6.
  region = data.aws_region.current.id

  # IAM and EventBridge allow 64 characters. A long name is cut and made unique again by a digest of the whole.
  short_name = length(var.name) <= 51 ? var.name : "${substr(var.name, 0, 42)}-${substr(sha256(var.name), 0, 8)}"

  own_bucket = var.artefact_bucket_name == null ? 0 : 1
  own_roles  = var.roles ? 1 : 0

  instance_name = "${local.short_name}-instance"

  # As codepipeline has it in codebuild.tf: what an instance that is reached by a session needs.
  network = {
    features = setunion(var.build_features, var.network == "session-manager" ? ["session_manager"] : [])
    profiles = merge(var.instance_profiles, {
      for name in var.network == "session-manager" ? [local.instance_name] : [] :
      "arn:${local.partition}:iam::${local.account_id}:instance-profile/${name}" => "arn:${local.partition}:iam::${local.account_id}:role/${name}"
    })
  }

  # Without a bucket that is shared, each pipeline has its own: their names are the caller's to give.
  bucket_arn = (
    var.artefact_bucket_name == null
    ? [for name in var.artefact_bucket_patterns : "arn:${local.partition}:s3:::${name}"]
    : ["arn:${local.partition}:s3:::${var.artefact_bucket_name}"]
  )

  # A pattern has a *, which IAM takes in the ARN of a resource and in ArnEquals.
  project_arn = [
    for name in var.pipelines : "arn:${local.partition}:codebuild:${local.region}:${local.account_id}:project/${name}"
  ]
  repository_arn = "arn:${local.partition}:codecommit:${local.region}:${local.account_id}:${var.source_repository}"
  connected      = var.source_type == "codeconnections"
  starting_rules = ["schedule", "source"]
}
