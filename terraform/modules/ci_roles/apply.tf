# What an apply of the modules needs: all of it on things of the given names, and of roles only those with the boundary.
locals {
  only_with_boundary = { StringEquals = { "iam:PermissionsBoundary" = [local.boundary_arn] } }

  # Each service by what trusts it (iam.tf of the modules; EC2 has the instance's role); in China the name may go on with .cn.
  services = [for service in ["codebuild", "codepipeline", "ec2", "events"] : "${service}.amazonaws.com*"]

  iam_statements = [
    {
      Sid       = "RolesWithBoundary"
      Effect    = "Allow"
      Action    = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.role_arns
      Condition = local.only_with_boundary
    },
    {
      Sid      = "Roles"
      Effect   = "Allow"
      Action   = ["iam:DeleteRole", "iam:Get*", "iam:List*", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"]
      Resource = local.role_arns
    },
    {
      Sid      = "Policies"
      Effect   = "Allow"
      Action   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:Get*", "iam:List*", "iam:TagPolicy", "iam:UntagPolicy"]
      Resource = local.policy_arns
    },
    {
      Sid      = "Profiles"
      Effect   = "Allow"
      Action   = ["iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:UntagInstanceProfile"]
      Resource = local.profile_arns
    },
    {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = local.role_arns
      Condition = { StringLike = { "iam:PassedToService" = local.services } }
    },
  ]

  group_arns = ["arn:${local.partition}:ec2:${local.region}:${local.account_id}:security-group/*"]
  vpc_arns   = [for id in var.vpc_ids : "arn:${local.partition}:ec2:${local.region}:${local.account_id}:vpc/${id}"]

  few_statements = concat(
    [
      for arns in length(var.connection_arns) == 0 ? [] : [var.connection_arns] : {
        Sid      = "Connections"
        Effect   = "Allow"
        Action   = ["codeconnections:PassConnection", "codestar-connections:PassConnection"]
        Resource = arns
      }
    ],
    flatten([
      for arns in length(var.vpc_ids) == 0 ? [] : [local.vpc_arns] : [
        {
          Sid      = "Groups"
          Effect   = "Allow"
          Action   = ["ec2:CreateSecurityGroup"]
          Resource = concat(arns, local.group_arns)
        },
        {
          Sid       = "GroupTags"
          Effect    = "Allow"
          Action    = ["ec2:CreateTags"]
          Resource  = local.group_arns
          Condition = { StringEquals = { "ec2:CreateAction" = ["CreateSecurityGroup"] } }
        },
        {
          Sid       = "GroupsOfVpc"
          Effect    = "Allow"
          Action    = ["ec2:AuthorizeSecurityGroup*", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroup*"]
          Resource  = local.group_arns
          Condition = { ArnEquals = { "ec2:Vpc" = arns } }
        },
      ]
    ]),
  )

  state_writes = concat(
    [{
      Sid      = "StateWrite"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = [for key in var.state.keys : "${local.state_arn}/${key}"]
    }],
    [
      for table in compact([var.state.lock_table]) : {
        Sid      = "StateDigestWrite"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:PutItem"]
        Resource = ["arn:${local.partition}:dynamodb:${local.state_region}:${local.account_id}:table/${table}"]
        Condition = {
          "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = [for key in var.state.keys : "${var.state.bucket}/${key}-md5"] }
          Null                        = { "dynamodb:LeadingKeys" = "false" }
        }
      }
    ],
  )

  writes = [
    "codebuild:CreateProject",
    "codebuild:DeleteProject",
    "codebuild:UpdateProject",
    "codepipeline:CreatePipeline",
    "codepipeline:DeletePipeline",
    "codepipeline:ListPipelineExecutions", # these two: `tfgen apply` holds back first builds
    "codepipeline:StopPipelineExecution",
    "codepipeline:TagResource",
    "codepipeline:UntagResource",
    "codepipeline:UpdatePipeline",
    "dynamodb:CreateTable",
    "dynamodb:DeleteTable",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateTable",
    "events:DeleteRule",
    "events:DisableRule",
    "events:EnableRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
    "events:UntagResource",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteRetentionPolicy",
    "logs:PutRetentionPolicy",
    "logs:TagLogGroup",
    "logs:TagResource",
    "logs:UntagLogGroup",
    "logs:UntagResource",
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:ListBucketVersions",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
  ]

  apply_statements = concat(
    [{ Sid = "Things", Effect = "Allow", Action = concat(local.writes, local.reads), Resource = local.thing_arns }],
    [{
      # With force_destroy Terraform empties the bucket.
      Sid      = "Empty"
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
      Resource = [for arn in local.bucket_arns : "${arn}/*"]
    }],
    local.iam_statements,
    [local.read_lists],
    local.state_statements,
    local.state_writes,
    local.few_statements,
    local.project_statements["apply"],
    local.protection,
    [{ Sid = "NobodyElse", Effect = "Deny", Action = ["sts:AssumeRole*", "sts:GetFederationToken"], Resource = "*" }],
  )
}
