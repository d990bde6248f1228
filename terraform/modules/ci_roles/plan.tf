# What both roles read, and what they do with the state. The plan role can write its lock, and nothing else.
locals {
  iam  = "arn:${local.partition}:iam::${local.account_id}"
  here = { for service in ["codebuild", "codepipeline", "dynamodb", "events", "logs"] : service => "arn:${local.partition}:${service}:${local.region}:${local.account_id}" }

  role_arns    = [for name in var.pipeline_names : "${local.iam}:role/${name}-*"]
  policy_arns  = [for name in var.pipeline_names : "${local.iam}:policy/${name}-*"]
  profile_arns = [for name in var.pipeline_names : "${local.iam}:instance-profile/${name}-*"]
  bucket_arns  = [for name in var.bucket_names : "arn:${local.partition}:s3:::${name}"]

  # All that the modules make, but for IAM. The objects of a bucket are one part of it.
  thing_arns = concat(
    flatten([
      for name in var.pipeline_names : [
        "${local.here.codebuild}:project/${name}",
        "${local.here.codepipeline}:${name}",
        "${local.here.codepipeline}:${name}/*",
        "${local.here.dynamodb}:table/${name}",
        "${local.here.events}:rule/${name}-*",
        "${local.here.logs}:log-group:/aws/codebuild/${name}",
        "${local.here.logs}:log-group:/aws/codebuild/${name}:*",
      ]
    ]),
    local.bucket_arns,
  )

  reads = [
    "codebuild:BatchGetProjects",
    "codepipeline:GetPipeline",
    "codepipeline:ListTagsForResource",
    "dynamodb:Describe*",
    "dynamodb:ListTagsOfResource",
    "events:DescribeRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "logs:ListTags*",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucket*",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListTagsForResource",
  ]

  # These actions know no resources.
  read_lists = {
    Sid      = "ReadLists"
    Effect   = "Allow"
    Action   = ["ec2:DescribeAccountAttributes", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroup*", "logs:DescribeLogGroups", "sts:GetCallerIdentity"]
    Resource = "*"
  }

  state_region = coalesce(var.state.region, local.region)
  state_arn    = "arn:${local.partition}:s3:::${var.state.bucket}"

  state_statements = concat(
    [
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [for key in var.state.keys : "${local.state_arn}/${key}"]
      },
      {
        Sid      = "StateBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]
        Resource = [local.state_arn]
      },
      {
        Sid      = "StateLock"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [for key in var.state.keys : "${local.state_arn}/${key}.tflock"]
      },
    ],
    # A table of locks has two items a state: the lock, and the state's digest, which an apply writes.
    flatten([
      for table in compact([var.state.lock_table]) : [
        for sid, act in {
          StateLockTable   = [["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"], ""]
          StateDigestTable = [["dynamodb:GetItem"], "-md5"]
          } : {
          Sid      = sid
          Effect   = "Allow"
          Action   = act[0]
          Resource = ["arn:${local.partition}:dynamodb:${local.state_region}:${local.account_id}:table/${table}"]
          Condition = {
            "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = [for key in var.state.keys : "${var.state.bucket}/${key}${act[1]}"] }
            Null                        = { "dynamodb:LeadingKeys" = "false" }
          }
        }
      ]
    ]),
    [
      for arn in compact([var.state.kms_key_arn]) : {
        Sid       = "StateKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = [arn]
        Condition = { StringLike = { "kms:ViaService" = ["s3.${local.state_region}.*"] } }
      }
    ],
  )

  # A CodeBuild project writes its log, fetches the repository, and comments on the pull request.
  project_statements = { for use, project in local.projects : use => var.host != "codecommit" ? [] : [
    {
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.here.logs}:log-group:/aws/codebuild/${project}", "${local.here.logs}:log-group:/aws/codebuild/${project}:*"]
    },
    {
      Sid    = "PullRequest"
      Effect = "Allow"
      Action = concat(["codecommit:GitPull"], use == "apply" ? [] : [
        "codecommit:GetCommentsForPullRequest",
        "codecommit:PostCommentForPullRequest",
        "codecommit:UpdateComment",
      ])
      Resource = ["arn:${local.partition}:codecommit:${local.region}:${local.account_id}:${var.repository}"]
    },
  ] }

  plan_statements = concat([
    { Sid = "Read", Effect = "Allow", Action = local.reads, Resource = local.thing_arns },
    { Sid = "ReadRoles", Effect = "Allow", Action = ["iam:Get*", "iam:List*"], Resource = concat(local.role_arns, local.policy_arns, local.profile_arns) },
    local.read_lists,
  ], local.state_statements, local.project_statements["plan"])
}
