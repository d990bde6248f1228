# What few templates ask for: each by its name in build_features (or by network), and instance profiles by theirs. As for
# the rest of a build (iam_build.tf), what is there before is not touched: images and launch templates only by its tags.
locals {
  features = {
    statements = concat(
      # The image that the build has made.
      flatten([
        for number, limit in local.limits : [
          for feature, action in {
            deprecation               = "ec2:EnableImageDeprecation"
            deregistration_protection = "ec2:EnableImageDeregistrationProtection"
            fast_launch               = "ec2:EnableFastLaunch"
            } : {
            Sid      = "${join("", [for word in split("_", feature) : title(word)])}${number}"
            Effect   = "Allow"
            Action   = action
            Resource = "arn:${local.partition}:ec2:*:*:image/*"
            Condition = merge(
              { StringLike = merge(local.in_regions, { for key, values in limit.tag : "aws:ResourceTag/${key}" => values }) },
              length(limit.absent) == 0 ? {} : { Null = limit.absent },
            )
          } if contains(local.network.features, feature)
        ]
      ]),
      [
        for feature in setintersection(["fast_launch"], local.network.features) : {
          Sid       = "FastLaunchReads"
          Effect    = "Allow"
          Action    = ["ec2:DescribeFastLaunchImages", "ec2:DescribeLaunchTemplates"]
          Resource  = "*"
          Condition = { StringEquals = local.in_regions }
        }
      ],
      # A spot instance comes of a fleet of one, by a launch template that Packer makes and deletes. The template has the
      # tags of the instance, so CreateFleet has none; RunInstances is asked besides, and looks at them.
      flatten([
        for feature in setintersection(["spot"], local.network.features) : concat(
          [
            {
              Sid       = "SpotFleet"
              Effect    = "Allow"
              Action    = "ec2:CreateFleet"
              Resource  = [for kind in ["fleet", "instance"] : "arn:${local.partition}:ec2:*:${local.account_id}:${kind}/*"]
              Condition = { StringEquals = local.in_regions }
            },
            {
              Sid    = "SpotTags"
              Effect = "Allow"
              Action = "ec2:CreateTags"
              Resource = [
                for kind in ["fleet", "instance", "launch-template", "network-interface", "volume"] :
                "arn:${local.partition}:ec2:*:${local.account_id}:${kind}/*"
              ]
              Condition = { StringEquals = merge(local.in_regions, length(local.own_tags) == 0 ? {} : {
                "ec2:CreateAction" = ["CreateFleet", "CreateLaunchTemplate"]
              }) }
            },
            # The spot request gets spot_tags afterwards. Nothing here may do anything else with one.
            {
              Sid       = "SpotRequestTags"
              Effect    = "Allow"
              Action    = "ec2:CreateTags"
              Resource  = "arn:${local.partition}:ec2:*:${local.account_id}:spot-instances-request/*"
              Condition = { StringEquals = local.in_regions }
            },
          ],
          flatten([
            for number, tag in length(local.own_tags) == 0 ? [{}] : local.own_tags : [
              for kind, actions in {
                RequestTag  = ["ec2:CreateLaunchTemplate"]
                ResourceTag = ["ec2:CreateFleet", "ec2:DeleteLaunchTemplate", "ec2:RunInstances"]
                } : {
                Sid       = "Spot${kind}${number}"
                Effect    = "Allow"
                Action    = actions
                Resource  = "arn:${local.partition}:ec2:*:${local.account_id}:launch-template/*"
                Condition = { StringLike = merge(local.in_regions, { for key, values in tag : "aws:${kind}/${key}" => values }) }
              }
            ]
          ]),
        )
      ]),
      # A tunnel to the build's own instance, and its end. IAM puts in who asks.
      flatten([
        for feature in setintersection(["session_manager"], local.network.features) : concat(
          [
            {
              Sid       = "SessionDocument"
              Effect    = "Allow"
              Action    = "ssm:StartSession"
              Resource  = "arn:${local.partition}:ssm:*::document/AWS-StartPortForwardingSession"
              Condition = { StringEquals = local.in_regions }
            },
            {
              Sid       = "SessionEnds"
              Effect    = "Allow"
              Action    = "ssm:TerminateSession"
              Resource  = "arn:${local.partition}:ssm:*:${local.account_id}:session/*"
              Condition = { StringLike = { "ssm:resourceTag/aws:ssmmessages:session-id" = "$${aws:userid}" } }
            },
          ],
          [
            for number, tag in length(local.own_tags) == 0 ? [{}] : local.own_tags : {
              Sid       = "Session${number}"
              Effect    = "Allow"
              Action    = "ssm:StartSession"
              Resource  = "arn:${local.partition}:ec2:*:${local.account_id}:instance/*"
              Condition = { StringLike = merge(local.in_regions, { for key, values in tag : "ssm:resourceTag/${key}" => values }) }
            }
          ],
        )
      ]),
      flatten([
        for profiles in length(local.network.profiles) == 0 ? [] : [local.network.profiles] : [
          {
            Sid      = "InstanceProfile"
            Effect   = "Allow"
            Action   = "iam:GetInstanceProfile"
            Resource = keys(profiles)
          },
          {
            Sid       = "InstanceRole"
            Effect    = "Allow"
            Action    = "iam:PassRole"
            Resource  = distinct(values(profiles))
            Condition = { StringLike = { "iam:PassedToService" = "ec2.amazonaws.com*" } }
          },
        ]
      ]),
    )
  }
}

# A managed policy has at most 6,144 characters. Statements are counted, not characters: of these a plan may not know all.
resource "aws_iam_policy" "features" {
  count = local.own_roles * ceil(length(local.features.statements) / 12)

  name        = "${local.short_name}-codebuild-features${count.index == 0 ? "" : "-${count.index + 1}"}"
  description = "What the template of ${var.project_name} does beyond a plain build"
  tags        = var.tags

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = slice(local.features.statements, count.index * 12, min(count.index * 12 + 12, length(local.features.statements)))
  })

  lifecycle {
    postcondition {
      condition     = length(self.policy) <= 6144
      error_message = "The policy has ${length(self.policy)} characters, and IAM takes 6,144: give fewer image_regions, instance_profiles or values of instance_tags."
    }
  }
}

resource "aws_iam_role_policy_attachment" "features" {
  count = length(aws_iam_policy.features)

  role       = aws_iam_role.codebuild[0].name
  policy_arn = aws_iam_policy.features[count.index].arn
}
