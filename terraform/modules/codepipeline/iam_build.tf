# What a build may do: logs and artefacts, and with EC2 the minimum that Packer documents for amazon-ebs, by kind of
# resource. The ARNs of EC2 leave the region open because each statement's condition names the regions. `shared` kinds
# leave the account open: their ARN has none (images, snapshots), or another account may own them (a network by RAM).
# There are few locals on purpose: each is a node of the graph for every image (see benchmarks).
locals {
  packer = {
    reads = [
      "ec2:DescribeImages",
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceStatus",
      "ec2:DescribeInstanceTypeOfferings",
      "ec2:DescribeRegions",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSnapshots",
      "ec2:DescribeSubnets",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVpcs",
    ]
    kinds = {
      PackerImages = {
        shared = ["image/*", "snapshot/*"]
        own    = []
        acts = [
          "ec2:CopyImage",
          "ec2:CreateImage",
          "ec2:CreateSnapshot",
          "ec2:CreateTags",
          "ec2:DeleteSnapshot",
          "ec2:DeregisterImage",
          "ec2:DescribeImageAttribute",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "ec2:RegisterImage",
        ]
      }
      PackerVolumes = {
        shared = []
        own    = ["volume/*"]
        acts = [
          "ec2:AttachVolume",
          "ec2:CreateSnapshot",
          "ec2:CreateTags",
          "ec2:CreateVolume",
          "ec2:DeleteVolume",
          "ec2:DetachVolume",
        ]
      }
      PackerGroups = {
        shared = ["vpc/*"]
        own    = ["security-group/*", "security-group-rule/*"]
        acts   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup"]
      }
      PackerKeys = {
        shared = []
        own    = ["key-pair/packer_*"]
        acts   = ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"]
      }
      # What an instance is started from and with.
      PackerStarts = {
        shared = ["image/*", "placement-group/*", "security-group/*", "snapshot/*", "subnet/*"]
        own    = ["key-pair/*", "network-interface/*", "volume/*"]
        acts   = ["ec2:RunInstances"]
      }
    }
    instance = [
      "ec2:AttachVolume",
      "ec2:CreateImage",
      "ec2:DetachVolume",
      "ec2:GetPasswordData",
      "ec2:ModifyInstanceAttribute",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]
  }

  in_regions = { "aws:RequestedRegion" = sort(setunion(var.image_regions, [local.region])) }

  # Packer tags an instance as it starts it, but not in China and GovCloud: there no limit by tag can hold.
  own_tags = [for key, values in local.partition == "aws" ? var.instance_tags : {} : { (key) = values }]
}

resource "aws_iam_role_policy" "codebuild" {
  name = "build"
  role = aws_iam_role.codebuild.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${local.log_group_name}:*"
        },
        {
          # EC2's Describe actions know no resources, so the region is the only limit that they take.
          Sid       = "PackerReads"
          Effect    = "Allow"
          Action    = concat(local.packer.reads, var.vpc_config == null ? [] : ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"])
          Resource  = "*"
          Condition = { StringEquals = local.in_regions }
        },
        # A tag that may be given only at the start cannot make somebody else's instance one of ours later.
        {
          Sid      = "PackerTags"
          Effect   = "Allow"
          Action   = "ec2:CreateTags"
          Resource = [for kind in ["instance", "key-pair", "network-interface", "security-group"] : "arn:${local.partition}:ec2:*:${local.account_id}:${kind}/*"]
          Condition = { StringEquals = merge(local.in_regions, length(local.own_tags) == 0 ? {} : {
            "ec2:CreateAction" = ["CreateKeyPair", "CreateSecurityGroup", "RunInstances"]
          }) }
        },
      ],
      [
        for sid, kind in local.packer.kinds : {
          Sid    = sid
          Effect = "Allow"
          Action = kind.acts
          Resource = concat(
            [for each in kind.shared : "arn:${local.partition}:ec2:*:*:${each}"],
            [for each in kind.own : "arn:${local.partition}:ec2:*:${local.account_id}:${each}"],
          )
          Condition = { StringEquals = local.in_regions }
        }
      ],
      # One pair of statements a tag, for either tag is enough; without tags one pair that has no such condition.
      flatten([
        for number, tag in concat(local.own_tags, [for none in [{}] : none if length(local.own_tags) == 0]) : [
          for sid, act in { PackerInstance = ["RequestTag", ["ec2:RunInstances"]], PackerInstanceActs = ["ResourceTag", local.packer.instance] } : {
            Sid                            = "${sid}${number}"
            Effect                         = "Allow"
            Action                         = act[1]
            Resource                       = "arn:${local.partition}:ec2:*:${local.account_id}:instance/*"
            Condition                      = { StringLike = merge(local.in_regions, { for key, values in tag : "aws:${act[0]}/${key}" => values }) }
          }
        ]
      ]),
      # What CodeBuild needs to put the build machine into a VPC, limited to its subnets.
      flatten([
        for subnets in var.vpc_config == null ? [] : [[
          for id in var.vpc_config.subnet_ids : "arn:${local.partition}:ec2:${local.region}:*:subnet/${id}"
          ]] : [
          {
            Sid    = "NetworkInterface"
            Effect = "Allow"
            Action = "ec2:CreateNetworkInterface"
            Resource = concat(subnets, [
              "arn:${local.partition}:ec2:${local.region}:${local.account_id}:network-interface/*",
              "arn:${local.partition}:ec2:${local.region}:*:security-group/*",
            ])
          },
          {
            Sid       = "NetworkInterfaceEnds"
            Effect    = "Allow"
            Action    = "ec2:DeleteNetworkInterface"
            Resource  = "arn:${local.partition}:ec2:${local.region}:${local.account_id}:network-interface/*"
            Condition = { ArnLike = { "ec2:Subnet" = subnets } }
          },
          {
            Sid      = "NetworkInterfaceOfCodeBuild"
            Effect   = "Allow"
            Action   = "ec2:CreateNetworkInterfacePermission"
            Resource = "arn:${local.partition}:ec2:${local.region}:${local.account_id}:network-interface/*"
            Condition = {
              ArnLike      = { "ec2:Subnet" = subnets }
              StringEquals = { "ec2:AuthorizedService" = "codebuild.amazonaws.com" }
            }
          },
        ]
      ]),
      # With a full clone it is the build that fetches the source.
      [for statement in local.connection_statements : statement if var.full_clone],
      [
        for arn in var.full_clone && !local.connected ? [local.repository_arn] : [] : {
          Sid      = "Clone"
          Effect   = "Allow"
          Action   = "codecommit:GitPull"
          Resource = arn
        }
      ],
      local.artefact_statements,
    )
  })
}

resource "aws_iam_role_policy_attachment" "codebuild" {
  for_each = var.build_policy_arns

  role       = aws_iam_role.codebuild.name
  policy_arn = each.value
}
