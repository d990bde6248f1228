# One role per service, and each trusts its service only on behalf of this account and for this project or rule.
resource "aws_iam_role" "codebuild" {
  name                 = "${local.short_name}-codebuild"
  description          = "CodeBuild runs ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = local.project_arn }
      }
    }]
  })
}

resource "aws_iam_role" "events" {
  name                 = "${local.short_name}-events"
  description          = "EventBridge starts ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals = {
          "aws:SourceArn" = [
            for rule in concat(["ended", "push"], var.sweep == null ? [] : ["sweep"]) :
            "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.short_name}-${rule}"
          ]
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  name = "start"
  role = aws_iam_role.events.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Start"
      Effect   = "Allow"
      Action   = "codebuild:StartBuild"
      Resource = local.project_arn
    }]
  })
}

resource "aws_iam_role_policy" "codebuild" {
  name = "dispatch"
  role = aws_iam_role.codebuild.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${local.log_group_name}:*"
      },
      {
        Sid      = "Source"
        Effect   = "Allow"
        Action   = "codecommit:GitPull"
        Resource = local.repository_arn
      },
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${var.name}"
      },
      {
        Sid      = "Own" # builds of its own that wait for what it has done already are stopped
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StopBuild"]
        Resource = local.project_arn
      },
    ]
  })
}

locals {
  pipeline_arns = [
    for name in sort(length(var.pipeline_patterns) > 0 ? var.pipeline_patterns : distinct(values(var.pipelines))) :
    "arn:${local.partition}:codepipeline:${local.region}:${local.account_id}:${name}"
  ]

  # A managed policy has at most 6144 characters; each ARN takes its own, two quotes and a comma.
  arns_per_policy = floor(5700 / (max([for arn in local.pipeline_arns : length(arn)]...) + 3))
  policies        = { for number, arns in chunklist(local.pipeline_arns, local.arns_per_policy) : tostring(number + 1) => arns }
}

resource "aws_iam_policy" "pipelines" {
  for_each = local.policies

  name        = "${local.short_name}-pipelines-${each.key}"
  description = "What ${var.name} may do with pipelines"
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Pipelines"
      Effect = "Allow"
      Action = [
        "codepipeline:GetPipelineExecution",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
        "codepipeline:StartPipelineExecution",
      ]
      Resource = each.value
    }]
  })

  lifecycle {
    precondition {
      condition     = length(local.policies) <= 10
      error_message = "The ARNs of so many pipelines do not fit into ten IAM policies: give pipeline_patterns, for example [\"*-ami-pipeline\"]."
    }
  }
}

resource "aws_iam_role_policy_attachment" "pipelines" {
  for_each = local.policies

  role       = aws_iam_role.codebuild.name
  policy_arn = aws_iam_policy.pipelines[each.key].arn
}
