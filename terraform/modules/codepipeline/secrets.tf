# What CodeBuild fetches for a build, with the build role's rights: exactly these secrets and parameters, and no other. The
# build could fetch them again: what a build can read, whoever can change the repository can read.
resource "aws_iam_policy" "secrets" {
  count = length(var.environment_secrets) == 0 ? 0 : local.own_roles

  name        = "${local.short_name}-codebuild-secrets"
  description = "What the build of ${var.project_name} gets as environment variables"
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in [
        {
          Sid    = "Secrets"
          Effect = "Allow"
          Action = "secretsmanager:GetSecretValue"
          # AWS ends each ARN in a dash and six characters of its own. An ARN that is given with them is that one secret's.
          Resource = distinct(sort([
            for from in values(var.environment_secrets) : (
              !startswith(from.secret, "arn:") ? "arn:${local.partition}:secretsmanager:${local.region}:${local.account_id}:secret:${split(":", from.secret)[0]}-??????"
              : join(":", concat(
                slice(split(":", from.secret), 0, 6),
                [can(regex("-[A-Za-z0-9]{6}$", split(":", from.secret)[6])) ? split(":", from.secret)[6] : "${split(":", from.secret)[6]}-??????"],
              ))
            ) if from.secret != null
          ]))
          Condition = {}
        },
        {
          Sid    = "Parameters"
          Effect = "Allow"
          Action = "ssm:GetParameters"
          Resource = distinct(sort([
            for from in values(var.environment_secrets) : (
              startswith(from.parameter, "arn:") ? join(":", slice(split(":", from.parameter), 0, 6))
              : "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/${trimprefix(split(":", from.parameter)[0], "/")}"
            ) if from.parameter != null
          ]))
          Condition = {}
        },
        {
          Sid      = "SecretKeys"
          Effect   = "Allow"
          Action   = "kms:Decrypt"
          Resource = sort(var.secret_key_arns)
          # How a service's name ends depends on the partition.
          Condition = { StringLike = { "kms:ViaService" = [for service in ["secretsmanager", "ssm"] : "${service}.${local.region}.*"] } }
        },
      ] : { for key, value in statement : key => value if key != "Condition" || length(value) > 0 } if length(statement.Resource) > 0
    ]
  })

  lifecycle {
    postcondition {
      condition     = length(self.policy) <= 6144
      error_message = "The policy has ${length(self.policy)} characters, and IAM takes 6,144: keep several values in one secret (NAME:KEY), which counts once."
    }
  }
}

resource "aws_iam_role_policy_attachment" "secrets" {
  count = length(aws_iam_policy.secrets)

  role       = aws_iam_role.codebuild[0].name
  policy_arn = aws_iam_policy.secrets[0].arn
}
