# Made from modules/codepipeline/iam_build.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

# What a build may do: logs and artefacts, and with EC2 what Packer's builders ask. A build runs what is in the
# repository: what was there before it is not to be opened, read, changed or given away by it (ADR 13).
# The ARNs of EC2 leave the region open because each statement's condition names the regions. `shared` kinds leave the
# account open: their ARN has none (images, snapshots), or another account may own them (a network by RAM).
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
    # What is made, and what it is made from. A rule of a group counts only together with its group: see `own`.
    kinds = {
      PackerImages = {
        shared = ["image/*", "snapshot/*"]
        own    = []
        acts = concat(
          ["ec2:CreateImage", "ec2:CreateSnapshot", "ec2:DescribeImageAttribute"],
          local.tags_all ? [] : ["ec2:CopyImage"],
        )
      }
      PackerGroups = {
        shared = ["vpc/${coalesce(var.vpc_id, "*")}"]
        own    = ["security-group-rule/*"]
        acts   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup"]
      }
      PackerKeys = {
        shared = []
        own    = ["key-pair/packer_*"]
        acts   = ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"]
      }
      PackerStarts = {
        shared = concat(
          ["image/*", "placement-group/*"],
          [for id in length(var.subnet_ids) > 0 ? var.subnet_ids : ["*"] : "subnet/${id}"],
          [for id in local.tags_all ? var.security_group_ids : ["*"] : "security-group/${id}"],
        )
        own  = ["key-pair/*", "network-interface/*", "volume/*"]
        acts = ["ec2:CreateVolume", "ec2:RegisterImage", "ec2:RunInstances"]
      }
    }
    # What is done to a thing that is there: only to one of the build's own, by its tags.
    own = concat([
      "ec2:AttachVolume",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:CreateImage",
      "ec2:CreateSnapshot",
      "ec2:CreateTags",
      "ec2:DeleteSecurityGroup",
      "ec2:DeleteSnapshot",
      "ec2:DeleteVolume",
      "ec2:DeregisterImage",
      "ec2:DetachVolume",
      "ec2:GetPasswordData",
      "ec2:ModifyInstanceAttribute",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
      ], length(var.share_with_accounts) == 0 ? [] : [
      "ec2:ModifyImageAttribute", # IAM has no key for the accounts that an image is shared with
    ])
    # What no build has finished, and no backup.
    unfinished = { for key in ["Template", "aws:backup:source-resource", "aws:dlm:lifecycle-policy-id"] : "aws:ResourceTag/${key}" => "true" }
  }

  in_regions = { "aws:RequestedRegion" = sort(setunion(var.image_regions, [local.region])) }

  # Packer tags an instance as it starts it, but not in China: there no limit by tag can hold.
  own_tags = [for key, values in local.partition == "aws-cn" ? {} : var.instance_tags : { (key) = values }]

  # Packer before 1.8 gives tags to instances and volumes alone: its groups, images and snapshots are like any other.
  tags_all = length(local.own_tags) > 0 && !can(regex("^(0|1\\.[0-7])\\.", var.packer_version))

  # Any one of these is enough: a tag; without tags no limit; of an old Packer no limit for what it does not tag. In
  # GovCloud it gives an image its tags after all else: until then that is what no build has finished and no backup is.
  limits = concat(
    [for tag in local.own_tags : { tag = tag, tagged = true, groups = true, absent = {} }],
    [for none in local.tags_all ? [] : [{}] : { tag = none, tagged = length(local.own_tags) == 0, groups = true, absent = {} }],
    [for keys in local.tags_all && local.partition == "aws-us-gov" ? [local.packer.unfinished] : [] : { tag = {}, tagged = false, groups = false, absent = keys }],
  )

  # A copy of an image (ami_regions, encrypt_boot) has snapshots without tags: what no build has finished and no backup is.
  copies = [for regions in length(var.image_regions) > 0 && local.tags_all ? [sort(var.image_regions)] : [] : {
    StringLike = { "aws:RequestedRegion" = regions }
    Null       = local.packer.unfinished
  }]
}

resource "aws_iam_role_policy" "codebuild" {
  count = local.own_roles

  name = "build"
  role = aws_iam_role.codebuild[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = [for name in var.pipelines : "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/codebuild/${name}:*"]
        },
        {
          # EC2's Describe actions know no resources, so the region is the only limit that they take.
          Sid       = "PackerReads"
          Effect    = "Allow"
          Action    = concat(local.packer.reads, var.vpc_config == null ? [] : ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"])
          Resource  = "*"
          Condition = { StringEquals = local.in_regions }
        },
        # A tag that may be given only at the start cannot make somebody else's thing one of ours later.
        {
          Sid    = "PackerTags"
          Effect = "Allow"
          Action = "ec2:CreateTags"
          Resource = concat(
            [for kind in ["instance", "key-pair", "network-interface", "security-group", "volume"] : "arn:${local.partition}:ec2:*:${local.account_id}:${kind}/*"],
            [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:*:*:${kind}/*"],
          )
          Condition = { StringEquals = merge(local.in_regions, length(local.own_tags) == 0 ? {} : {
            "ec2:CreateAction" = ["CopyImage", "CreateImage", "CreateKeyPair", "CreateSecurityGroup", "CreateSnapshot", "CreateVolume", "RegisterImage", "RunInstances"]
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
      # What is made with a tag, what has it, and what a thing with it may be made from. An image's attributes are more
      # than who may start it: without accounts to share with, Packer sets these two.
      flatten([
        for number, limit in local.limits : [
          for sid, act in {
            PackerInstance    = ["RequestTag", limit.tagged ? ["instance"] : [], [], ["ec2:RunInstances"], []]
            PackerGroup       = ["RequestTag", limit.groups ? ["security-group"] : [], [], ["ec2:CreateSecurityGroup"], []]
            PackerOwn         = ["ResourceTag", [for kind in ["instance", "security-group", "volume"] : kind if kind == "security-group" ? limit.groups : limit.tagged], ["image", "snapshot"], concat(local.packer.own, limit.tagged ? local.packer.kinds.PackerStarts.acts : []), []]
            PackerDescription = ["ResourceTag", [], length(var.share_with_accounts) > 0 ? [] : ["image"], ["ec2:ModifyImageAttribute"], ["Description"]]
            PackerImdsSupport = ["ResourceTag", [], length(var.share_with_accounts) > 0 ? [] : ["image"], ["ec2:ModifyImageAttribute"], ["ImdsSupport"]]
            } : {
            Sid    = "${sid}${number}"
            Effect = "Allow"
            Action = act[3]
            Resource = concat(
              [for kind in act[1] : "arn:${local.partition}:ec2:*:${local.account_id}:${kind}/*"],
              [for kind in act[2] : "arn:${local.partition}:ec2:*:*:${kind}/*"],
            )
            Condition = merge({ StringLike = merge(
              local.in_regions,
              { for key, values in limit.tag : "aws:${act[0]}/${key}" => values },
              { for attribute in act[4] : "ec2:Attribute/${attribute}" => ["*"] },
            ) }, length(limit.absent) == 0 ? {} : { Null = limit.absent })
          } if length(act[1]) + length(act[2]) > 0
        ]
      ]),
      [
        for copies in local.copies : {
          Sid       = "PackerCopies"
          Effect    = "Allow"
          Action    = ["ec2:CopyImage", "ec2:CreateTags"]
          Resource  = [for kind in ["image", "snapshot"] : "arn:${local.partition}:ec2:*:*:${kind}/*"]
          Condition = copies
        }
      ],
      # With a full clone it is the build that fetches the source, and writes nothing to it.
      [
        for service, statement in local.connection_statements : merge(statement, {
          Condition = { "ForAllValues:StringEquals" = merge(statement.Condition["ForAllValues:StringEquals"], {
            "${service}:ProviderPermissionsRequired" = "read_only"
          }) }
        }) if var.full_clone
      ],
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

  lifecycle {
    postcondition {
      condition     = length(self.policy) <= 10240
      error_message = "The policy has ${length(self.policy)} characters, and IAM takes 10,240 of a role: give fewer image_regions, subnets, groups or instance_tags."
    }
  }
}

resource "aws_iam_role_policy_attachment" "codebuild" {
  for_each = local.own_roles == 1 ? var.build_policy_arns : {}

  role       = aws_iam_role.codebuild[0].name
  policy_arn = each.value
}

# What few builds do. Apart, since all inline policies of a role together have at most 10,240 characters.
locals {
  network_and_sharing = {
    statements = concat(
      # What CodeBuild needs to put the build machine into a VPC, limited to its subnets.
      flatten([
        for subnets in var.vpc_config == null ? [] : [[
          for id in var.vpc_config.subnet_ids : "arn:${local.partition}:ec2:${local.region}:*:subnet/${id}"
          ]] : [
          {
            Sid    = "NetworkInterface"
            Effect = "Allow"
            Action = "ec2:CreateNetworkInterface"
            Resource = concat(
              subnets,
              ["arn:${local.partition}:ec2:${local.region}:${local.account_id}:network-interface/*"],
              [for id in coalescelist(var.vpc_config.security_group_ids, ["*"]) : "arn:${local.partition}:ec2:${local.region}:*:security-group/${id}"],
            )
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
      # With these accounts and nobody else, however many a request names. The group is everybody.
      [
        for number, condition in concat(
          [for limit in local.limits : { StringLike = merge(local.in_regions, { for key, values in limit.tag : "aws:ResourceTag/${key}" => values }), Null = limit.absent }],
          local.copies,
          ) : {
          Sid      = "PackerShares${number}"
          Effect   = "Allow"
          Action   = "ec2:ModifySnapshotAttribute"
          Resource = "arn:${local.partition}:ec2:*:*:snapshot/*"
          Condition = merge(condition, {
            "ForAllValues:StringEquals" = { "ec2:Add/userId" = var.share_with_accounts }
            Null                        = merge(condition.Null, { "ec2:Add/userId" = "false", "ec2:Add/group" = "true" })
          })
        } if length(var.share_with_accounts) > 0
      ],
    )
  }
}

# At most 6,144 characters each: the three statements about 16 subnets have 4,000 of them.
resource "aws_iam_policy" "network_and_sharing" {
  count = local.own_roles * ceil(length(local.network_and_sharing.statements) / 6)

  name        = "${local.short_name}-codebuild${count.index == 0 ? "" : "-${count.index + 1}"}"
  description = "What the build of ${var.name} may do with network interfaces and other accounts"
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = slice(local.network_and_sharing.statements, count.index * 6, min(count.index * 6 + 6, length(local.network_and_sharing.statements)))
  })

  lifecycle {
    postcondition {
      condition     = length(self.policy) <= 6144
      error_message = "The policy has ${length(self.policy)} characters, and IAM takes 6,144: give fewer subnets, groups or image_regions."
    }
  }
}

resource "aws_iam_role_policy_attachment" "network_and_sharing" {
  count = length(aws_iam_policy.network_and_sharing)

  role       = aws_iam_role.codebuild[0].name
  policy_arn = aws_iam_policy.network_and_sharing[count.index].arn
}
