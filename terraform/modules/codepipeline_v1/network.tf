# Made from modules/codepipeline/network.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

# What the input `network` comes to: variables that the templates read, a feature and a profile of the build's instance.
# The variables are the build's defaults: environment_vars wins, so a template may have an instance profile of its own.
locals {
  network = {
    environment = {
      public  = {}
      private = { ASSOCIATE_PUBLIC_IP = "false", SSH_INTERFACE = "private_ip" }
      session-manager = {
        ASSOCIATE_PUBLIC_IP  = "false"
        IAM_INSTANCE_PROFILE = local.instance_name
        SSH_INTERFACE        = "session_manager"
        SSH_SOURCE_CIDR      = "127.0.0.1/32" # no port is opened, and nobody asks the internet for this machine's address
      }
    }[var.network]
    features = setunion(var.build_features, var.network == "session-manager" ? ["session_manager"] : [])
    # Built from names, as the other ARNs: profile -> role.
    profiles = merge(var.instance_profiles, {
      for name in var.network == "session-manager" && !contains(keys(var.environment_vars), "IAM_INSTANCE_PROFILE") ? compact([local.instance_name]) : [] :
      "arn:${local.partition}:iam::${local.account_id}:instance-profile/${name}" => "arn:${local.partition}:iam::${local.account_id}:role/${name}"
    })
  }
}

resource "aws_iam_role" "instance" {
  count = local.own_roles * (length(local.network.profiles) - length(var.instance_profiles))

  name                 = local.instance_name
  description          = "The instance on which the image of ${var.project_name} is built"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.partition == "aws-cn" ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com" }
    }]
  })
}

# A session, and no more: these are all actions of AWS's policy AWSCloud9SSMInstanceProfile. Its broader one for all of
# Systems Manager, AmazonSSMManagedInstanceCore, reads every parameter of the account, and what runs here is a template.
resource "aws_iam_role_policy" "instance" {
  count = length(aws_iam_role.instance)

  name = "session"
  role = aws_iam_role.instance[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Session"
      Effect = "Allow"
      Action = [
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      Resource = "*" # none of them knows resources, but for the first one an instance that does not exist yet
    }]
  })
}

resource "aws_iam_instance_profile" "instance" {
  count = length(aws_iam_role.instance)

  name = aws_iam_role.instance[0].name
  role = aws_iam_role.instance[0].name
}
