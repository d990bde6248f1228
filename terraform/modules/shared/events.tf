# One rule tells how the executions of all pipelines end.
resource "aws_cloudwatch_event_rule" "state" {
  count = var.notifications == null ? 0 : 1

  name        = "${local.short_name}-state"
  description = "Tells how executions of the pipelines of ${var.name} end"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.codepipeline"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change"]
    detail = {
      pipeline = concat(
        [for name in var.pipelines : name if !strcontains(name, "*")],
        [for name in var.pipelines : { wildcard = name } if strcontains(name, "*")],
      )
      state = try(sort(distinct(var.notifications.states)), [])
    }
  })
}

resource "aws_cloudwatch_event_target" "state" {
  count = length(aws_cloudwatch_event_rule.state)

  rule      = aws_cloudwatch_event_rule.state[0].name
  target_id = "sns"
  arn       = var.notifications.topic_arn

  input_transformer {
    input_paths = {
      execution = "$.detail.execution-id"
      pipeline  = "$.detail.pipeline"
      region    = "$.region"
      state     = "$.detail.state"
    }
    input_template = "\"Pipeline <pipeline> in <region>: execution <execution> is <state>.\""
  }
}
