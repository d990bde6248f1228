# The channel that a good build sets by itself (tfgen promote moves the others): this one parameter and no other.
resource "aws_iam_policy" "publish" {
  count = var.publish_parameter == "" ? 0 : local.own_roles

  name        = "${local.short_name}-codebuild-publish"
  description = "The channel that a good build of ${var.project_name} sets"
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Channel"
      Effect    = "Allow"
      Action    = "ssm:PutParameter"
      Resource  = "arn:${local.partition}:ssm:*:${local.account_id}:parameter${var.publish_parameter}"
      Condition = { StringEquals = local.in_regions }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "publish" {
  count = length(aws_iam_policy.publish)

  role       = aws_iam_role.codebuild[0].name
  policy_arn = aws_iam_policy.publish[count.index].arn
}
