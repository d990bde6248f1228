# For `network = "session-manager"`: what the instance itself may do, and the profile by which it has that.
resource "aws_iam_role" "instance" {
  count = var.network == "session-manager" && !contains(keys(var.environment_vars), "IAM_INSTANCE_PROFILE") ? local.own_roles : 0

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
