# What starts the pipeline besides a person, and who is told how it ends. The key ends the rule's name.
locals {
  rules = {
    for name, rule in {
      # A push starts the pipeline; nothing polls. CodeConnections needs no rule: it starts the pipeline itself.
      source = {
        wanted      = !local.connected && var.start_on_push
        description = "Starts ${var.project_name} when ${var.branch} of ${var.source_repository} changes"
        pattern = {
          source        = ["aws.codecommit"]
          "detail-type" = ["CodeCommit Repository State Change"]
          resources     = [local.repository_arn]
          detail = {
            event         = ["referenceCreated", "referenceUpdated"]
            referenceType = ["branch"]
            referenceName = [var.branch]
          }
        }
      }
      schedule = {
        wanted      = var.schedule != null
        description = "Starts ${var.project_name} by the clock"
        pattern     = null
      }
      state = {
        wanted      = var.notifications != null && !try(var.shared.notifications, false)
        description = "Tells how executions of ${var.project_name} end"
        pattern = {
          source        = ["aws.codepipeline"]
          "detail-type" = ["CodePipeline Pipeline Execution State Change"]
          detail = {
            pipeline = [var.project_name]
            state    = try(sort(distinct(var.notifications.states)), [])
          }
        }
      }
    } : name => rule if rule.wanted
  }

  starting_rules = setsubtract(keys(local.rules), ["state"])
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name                = "${local.short_name}-${each.key}"
  description         = each.value.description
  event_pattern       = each.value.pattern == null ? null : jsonencode(each.value.pattern)
  schedule_expression = each.key == "schedule" ? var.schedule : null
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = each.key == "state" ? "sns" : "codepipeline"
  arn       = each.key == "state" ? var.notifications.topic_arn : aws_codepipeline.this.arn

  # The right to publish is the topic's to give (its policy): SNS takes no role here.
  role_arn = each.key == "state" ? null : local.own_roles == 1 ? aws_iam_role.events[0].arn : var.shared.events_role_arn

  dynamic "input_transformer" {
    for_each = each.key == "state" ? [each.key] : []

    content {
      input_paths = {
        execution = "$.detail.execution-id"
        pipeline  = "$.detail.pipeline"
        region    = "$.region"
        state     = "$.detail.state"
      }
      input_template = "\"Pipeline <pipeline> in <region>: execution <execution> is <state>.\""
    }
  }

  depends_on = [aws_iam_role_policy.events]
}

# Before there were schedules and notifications, there was one rule.
moved {
  from = aws_cloudwatch_event_rule.source
  to   = aws_cloudwatch_event_rule.this["source"]
}

moved {
  from = aws_cloudwatch_event_target.pipeline
  to   = aws_cloudwatch_event_target.this["source"]
}
