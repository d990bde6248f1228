# The most that the apply role may do, and so each role that it makes: what it needs itself, and what pipelines and builds
# do (iam.tf, iam_build.tf and iam_features.tf of the module codepipeline).
locals {
  builds = [
    "codecommit:CancelUploadArchive",
    "codecommit:Get*",
    "codecommit:GitPull",
    "codecommit:UploadArchive",
    "codeconnections:UseConnection",
    "codestar-connections:UseConnection",
    "ec2:*Fleet*",
    "ec2:*Image*",
    "ec2:*KeyPair",
    "ec2:*LaunchTemplate*",
    "ec2:*NetworkInterface*",
    "ec2:*SecurityGroup*",
    "ec2:*Snapshot*",
    "ec2:*Volume",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:Describe*",
    "ec2:EnableFastLaunch",
    "ec2:GetPasswordData",
    "ec2:ModifyInstanceAttribute",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:GetInstanceProfile",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
    "logs:DescribeLogGroups",
    "secretsmanager:GetSecretValue",
    "sns:Publish",
    "ssm:*Session",
    "ssm:DescribeInstanceInformation",
    "ssm:GetParameter*",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:*",
    "sts:GetCallerIdentity",
  ]

  # Names alone, in each region: a policy has at most 6,144 characters, and a role reaches what is in its own account.
  boundary_arns = concat(
    flatten([
      for name in var.pipeline_names : [
        "arn:${local.partition}:codebuild:*:*:project/${name}",
        "arn:${local.partition}:codepipeline:*:*:${name}",
        "arn:${local.partition}:codepipeline:*:*:${name}/*",
        "arn:${local.partition}:dynamodb:*:*:table/${name}",
        "arn:${local.partition}:events:*:*:rule/${name}-*",
        "arn:${local.partition}:logs:*:*:log-group:/aws/codebuild/${name}*",
      ]
    ]),
    flatten([for arn in local.bucket_arns : [arn, "${arn}/*"]]),
    [for key in var.state.keys : "${local.state_arn}/${key}*"],
    [for table in compact([var.state.lock_table]) : "arn:${local.partition}:dynamodb:*:*:table/${table}"],
  )

  own_boundary = concat(
    [
      { Sid = "Builds", Effect = "Allow", Action = local.builds, Resource = "*" },
      {
        Sid      = "Things"
        Effect   = "Allow"
        Action   = ["codebuild:*", "codepipeline:*", "dynamodb:*", "events:*", "logs:*", "s3:*"]
        Resource = local.boundary_arns
      },
      { Sid = "State", Effect = "Allow", Action = ["s3:GetBucket*", "s3:ListBucket"], Resource = local.state_arn },
      {
        # The conditions are in the protection.
        Sid      = "Roles"
        Effect   = "Allow"
        Action   = distinct(flatten([for each in local.iam_statements : each.Action if each.Sid != "PassRoles"]))
        Resource = concat(local.role_arns, local.policy_arns, local.profile_arns)
      },
    ],
    [for each in local.iam_statements : each if each.Sid == "PassRoles"],
    [for each in local.few_statements : each if each.Sid == "Connections"],
    [
      for arns in length(var.instance_role_arns) == 0 ? [] : [var.instance_role_arns] : {
        Sid       = "InstanceRoles"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = arns
        Condition = { StringLike = { "iam:PassedToService" = ["ec2.amazonaws.com*"] } }
      }
    ],
    local.project_statements["apply"],
  )

  # By way of text, since the two have no type in common.
  boundary_statements = jsondecode(coalesce(var.boundary_policy, jsonencode({ Statement = local.own_boundary }))).Statement

  # Denied whatever another policy allows: to make a role without the boundary, to take the boundary away or to change it,
  # and to change CI's own roles.
  own_arns = compact([local.plan_arn, local.apply_arn, local.boundary_arn, var.host == "codecommit" ? "" : local.provider_arn])

  protection = [
    {
      Sid       = "NoRoleWithoutBoundary"
      Effect    = "Deny"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = "*"
      Condition = { StringNotEquals = { "iam:PermissionsBoundary" = [local.boundary_arn] } }
    },
    {
      Sid    = "NoWayAround"
      Effect = "Deny"
      Action = [
        "iam:*AccessKey*",
        "iam:*Group*",
        "iam:*LoginProfile",
        "iam:*User*",
        "iam:DeleteRolePermissionsBoundary",
        "iam:SetDefaultPolicyVersion",
      ]
      Resource = "*"
    },
    {
      Sid    = "NoChangeOfCi"
      Effect = "Deny"
      Action = [
        for verb in ["Add", "Attach", "Create", "Delete", "Detach", "Pass", "Put", "Remove", "Tag", "Untag", "Update"] : "iam:${verb}*"
      ]
      Resource = local.own_arns
    },
  ]

  # A name of this module that a pattern for pipelines describes.
  own_names = [
    for each in ["${var.name}-plan", "${var.name}-apply", "${var.name}-boundary"] : each
    if anytrue([for name in var.pipeline_names : can(regex("^${replace(replace(name, ".", "\\."), "*", ".*")}-.*$", each))])
  ]

  # What the pipelines need: each action by itself, wherever its resource and its condition are.
  needed = distinct(concat(local.writes, flatten(local.iam_statements[*].Action), [
    "codebuild:StartBuild", "codebuild:BatchGetBuilds", "codepipeline:StartPipelineExecution",
    "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateImage", "ec2:CreateKeyPair", "ec2:CreateSecurityGroup", "ec2:CreateSnapshot",
    "ec2:CreateTags", "ec2:DescribeImages", "ec2:RunInstances", "ec2:TerminateInstances", "logs:PutLogEvents", "s3:GetObject", "s3:PutObject",
  ]))

  # In the order of IAM's evaluation: a statement allows it, and none denies all of it.
  given = [
    for statement in jsondecode(coalesce(var.boundary_policy, jsonencode({ Statement = [] }))).Statement : {
      allows = statement.Effect == "Allow"
      whole  = statement.Effect == "Allow" || (!can(statement.Condition) && try(contains(flatten([statement.Resource]), "*"), false))
      not    = can(statement.NotAction)
      patterns = [
        for action in flatten([try(statement.Action, statement.NotAction)]) : "(?i)^${replace(replace(action, "*", ".*"), "?", ".")}$"
      ]
    }
  ]

  forbidden = var.boundary_policy == null ? [] : [
    for action in local.needed : action
    if !anytrue([for each in local.given : each.allows && each.not != anytrue([for pattern in each.patterns : can(regex(pattern, action))])])
    || anytrue([for each in local.given : !each.allows && each.whole && each.not != anytrue([for pattern in each.patterns : can(regex(pattern, action))])])
  ]
}
