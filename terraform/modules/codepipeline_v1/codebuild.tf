# Made from modules/codepipeline/codebuild.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

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

resource "aws_cloudwatch_log_group" "build" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_codebuild_project" "this" {
  name           = var.project_name
  description    = var.project_description
  service_role   = local.own_roles == 1 ? aws_iam_role.codebuild[0].arn : var.shared.codebuild_role_arn
  build_timeout  = var.build_timeout
  encryption_key = var.kms_key_arn
  tags           = var.tags

  source {
    type      = "CODEPIPELINE"
    buildspec = var.buildspec
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = var.compute_type
    image                       = var.image
    image_pull_credentials_type = startswith(var.image, "aws/codebuild/") ? "CODEBUILD" : "SERVICE_ROLE"
    privileged_mode             = false

    dynamic "environment_variable" {
      for_each = merge(
        local.network.environment,
        var.publish_parameter == "" ? {} : { TFGEN_CHANNEL_PARAMETER = var.publish_parameter },
        var.environment_vars,
      )

      content {
        name  = environment_variable.key
        value = environment_variable.value
        type  = "PLAINTEXT"
      }
    }

    # Where the value is, never the value: it is in no plan and in no state.
    dynamic "environment_variable" {
      for_each = var.environment_secrets

      content {
        name  = environment_variable.key
        value = coalesce(environment_variable.value.secret, environment_variable.value.parameter)
        type  = environment_variable.value.secret == null ? "PARAMETER_STORE" : "SECRETS_MANAGER"
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      status     = "ENABLED"
      group_name = aws_cloudwatch_log_group.build.name
    }
  }

  dynamic "vpc_config" {
    for_each = var.vpc_config == null ? [] : [var.vpc_config]

    content {
      vpc_id             = vpc_config.value.vpc_id
      subnets            = vpc_config.value.subnet_ids
      security_group_ids = concat(vpc_config.value.security_group_ids, aws_security_group.build[*].id)
    }
  }

  lifecycle {
    # Whether the subnets have a way out is AWS's to know: docs/networks.md.
    precondition {
      condition     = var.network != "private" || var.vpc_config != null
      error_message = "network = \"private\" needs vpc_config: from outside of the VPC no build reaches a private address. Give the VPC and subnets with a way out (NAT or endpoints), or take \"session-manager\"."
    }

    precondition {
      condition = var.network != "session-manager" || contains(
        [for arn in keys(local.network.profiles) : element(split("/", arn), -1)],
        lookup(merge(local.network.environment, var.environment_vars), "IAM_INSTANCE_PROFILE", "")
      )
      error_message = "network = \"session-manager\" with IAM_INSTANCE_PROFILE in environment_vars needs that profile in instance_profiles (with a role that has the rights of AmazonSSMManagedInstanceCore); without the variable the module makes one, and the module shared with the same network."
    }

    precondition {
      condition     = length(setintersection(keys(var.environment_vars), keys(var.environment_secrets))) == 0
      error_message = "${var.project_name}: these variables are both in environment_vars and in environment_secrets: ${join(", ", setintersection(keys(var.environment_vars), keys(var.environment_secrets)))}."
    }

    # Another account's is fine: see the README.
    precondition {
      condition = alltrue([
        for from in values(var.environment_secrets) :
        !startswith(coalesce(from.secret, from.parameter), "arn:") ||
        can(regex("^arn:${local.partition}:[a-z]+:${local.region}:", coalesce(from.secret, from.parameter)))
      ])
      error_message = "${var.project_name}: CodeBuild reads secrets and parameters of its own region (${local.region}) alone, and these are elsewhere: ${join(", ", [for name, from in var.environment_secrets : name if startswith(coalesce(from.secret, from.parameter), "arn:") && !can(regex("^arn:${local.partition}:[a-z]+:${local.region}:", coalesce(from.secret, from.parameter)))])}. Replicate the secret into this region, or name one of this region."
    }
  }

  # CodeBuild looks at the subnets with the role's rights when the project is made.
  depends_on = [
    aws_iam_role_policy.codebuild,
    aws_iam_role_policy_attachment.network_and_sharing,
    aws_iam_role_policy_attachment.secrets,
  ]
}

resource "aws_security_group" "build" {
  count = try(length(var.vpc_config.security_group_ids) == 0, false) ? 1 : 0

  name        = "${local.short_name}-build"
  description = "Build machine of ${var.project_name}"
  vpc_id      = var.vpc_config.vpc_id
  tags        = var.tags

  # Packer's SSH or WinRM to the instance, AWS, and whatever a template downloads.
  egress {
    description      = "Everything out"
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}
