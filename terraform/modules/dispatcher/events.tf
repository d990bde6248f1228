# Every push starts a build of its own, also while another one waits: they agree by the table.
resource "aws_cloudwatch_event_rule" "push" {
  name        = "${local.short_name}-push"
  description = "Starts ${var.name} when ${var.branch} of ${var.source_repository} changes"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.codecommit"]
    "detail-type" = ["CodeCommit Repository State Change"]
    resources     = [local.repository_arn]
    detail = {
      event         = ["referenceCreated", "referenceUpdated"]
      referenceType = ["branch"]
      referenceName = [var.branch]
    }
  })
}

resource "aws_cloudwatch_event_target" "push" {
  rule      = aws_cloudwatch_event_rule.push.name
  target_id = "codebuild"
  arn       = aws_codebuild_project.this.arn
  role_arn  = aws_iam_role.events.arn

  depends_on = [aws_iam_role_policy.events]
}
