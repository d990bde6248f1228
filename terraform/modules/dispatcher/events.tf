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

# No dispatcher waits for a pipeline: its end starts the next dispatcher, which starts what comes then.
resource "aws_cloudwatch_event_rule" "ended" {
  name        = "${local.short_name}-ended"
  description = "Starts ${var.name} when a pipeline that it may start has ended"
  tags        = var.tags

  event_pattern = local.ended_pattern
}

# What an event that was lost, or a full queue, has left open.
resource "aws_cloudwatch_event_rule" "sweep" {
  count = var.sweep == null ? 0 : 1

  name                = "${local.short_name}-sweep"
  description         = "Starts ${var.name} by the clock"
  schedule_expression = var.sweep
  tags                = var.tags
}

locals {
  ended_states = ["CANCELED", "FAILED", "STOPPED", "SUCCEEDED", "SUPERSEDED"]

  # The pipelines by their names, else by the patterns, else all of the account and region: a dispatcher that finds
  # nothing to do ends in seconds. EventBridge allows 2048 characters in a pattern.
  ended_by_name = jsonencode({
    source        = ["aws.codepipeline"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change"]
    detail        = { state = local.ended_states, pipeline = sort(distinct(values(var.pipelines))) }
  })
  ended_by_pattern = jsonencode({
    source        = ["aws.codepipeline"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change"]
    detail        = { state = local.ended_states, pipeline = [for each in local.patterns : { wildcard = each }] }
  })
  ended_of_all = jsonencode({
    source        = ["aws.codepipeline"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change"]
    detail        = { state = local.ended_states }
  })
  # Two wildcards in a row are refused.
  patterns      = [for each in distinct(var.pipeline_patterns) : replace(each, "/\\*+/", "*")]
  ended_pattern = [for each in concat([local.ended_by_name], length(local.patterns) > 0 ? [local.ended_by_pattern] : [], [local.ended_of_all]) : each if length(each) <= 2048][0]
}

# CodeBuild refuses a build when its queue is full. EventBridge tries again, for as long as the event is worth it: a push
# a day, another until the clock comes round.
resource "aws_cloudwatch_event_target" "push" {
  rule      = aws_cloudwatch_event_rule.push.name
  target_id = "codebuild"
  arn       = aws_codebuild_project.this.arn
  role_arn  = aws_iam_role.events.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dynamic "dead_letter_config" {
    for_each = var.dead_letter_queue_arn == null ? [] : [var.dead_letter_queue_arn]

    content {
      arn = dead_letter_config.value
    }
  }

  depends_on = [aws_iam_role_policy.events]
}

resource "aws_cloudwatch_event_target" "ended" {
  rule      = aws_cloudwatch_event_rule.ended.name
  target_id = "codebuild"
  arn       = aws_codebuild_project.this.arn
  role_arn  = aws_iam_role.events.arn

  retry_policy {
    maximum_event_age_in_seconds = var.sweep == null ? 86400 : 3600
    maximum_retry_attempts       = 185
  }

  dynamic "dead_letter_config" {
    for_each = var.dead_letter_queue_arn == null ? [] : [var.dead_letter_queue_arn]

    content {
      arn = dead_letter_config.value
    }
  }

  depends_on = [aws_iam_role_policy.events]
}

# A refused one is not missed: the next comes.
resource "aws_cloudwatch_event_target" "sweep" {
  count = var.sweep == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.sweep[0].name
  target_id = "codebuild"
  arn       = aws_codebuild_project.this.arn
  role_arn  = aws_iam_role.events.arn

  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 3
  }

  depends_on = [aws_iam_role_policy.events]
}
