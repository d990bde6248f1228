# Made from modules/codepipeline/pipeline.tf by tools/module_v1.py: change that file, then run: python tools/module_v1.py

resource "aws_codepipeline" "this" {
  name     = var.project_name
  role_arn = local.own_roles == 1 ? aws_iam_role.codepipeline[0].arn : var.shared.codepipeline_role_arn
  tags     = var.tags

  artifact_store {
    location = local.own_bucket == 1 ? aws_s3_bucket.artefacts[0].bucket : var.shared.artefact_bucket_name
    type     = "S3"

    dynamic "encryption_key" {
      for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

      content {
        id   = encryption_key.value
        type = "KMS"
      }
    }
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = local.connected ? "CodeStarSourceConnection" : "CodeCommit"
      version          = "1"
      namespace        = var.approval == null ? null : "Source"
      output_artifacts = ["source"]

      configuration = merge(
        { BranchName = var.branch },
        local.connected ? {
          ConnectionArn    = var.connection_arn
          FullRepositoryId = var.source_repository
          DetectChanges    = tostring(var.start_on_push)
          } : {
          RepositoryName       = var.source_repository
          PollForSourceChanges = "false"
        },
        var.full_clone ? { OutputArtifactFormat = "CODEBUILD_CLONE_REF" } : {},
      )
    }
  }

  dynamic "stage" {
    for_each = var.approval == null ? [] : [var.approval]

    content {
      name = "Approval"

      action {
        name     = "Approval"
        category = "Approval"
        owner    = "AWS"
        provider = "Manual"
        version  = "1"

        configuration = merge(
          # #{...} is a variable of CodePipeline's.
          { CustomData = "Build ${var.project_name} from commit #{Source.CommitId} of ${var.branch}?" },
          stage.value.topic_arn == null ? {} : { NotificationArn = stage.value.topic_arn },
        )
      }
    }
  }

  stage {
    name = "Build"

    action {
      name             = "Build"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      input_artifacts  = ["source"]
      output_artifacts = ["build"]

      configuration = {
        ProjectName = aws_codebuild_project.this.name
      }
    }
  }

  # A pipeline starts the moment it exists, so its rights must stand before.
  depends_on = [
    aws_iam_role_policy.codepipeline,
    aws_iam_role_policy.codebuild,
    aws_iam_role_policy_attachment.secrets,
    aws_s3_bucket_policy.artefacts,
  ]

  # Of two variables, so no variable's own validation (Terraform 1.6 allows those only one).
  lifecycle {
    precondition {
      condition     = local.connected == (var.connection_arn != null)
      error_message = "The source_type codeconnections needs a connection_arn, and codecommit takes none."
    }

    precondition {
      condition     = local.connected == strcontains(var.source_repository, "/")
      error_message = "The source_repository must be OWNER/NAME with codeconnections, and a name without '/' with codecommit."
    }
  }
}
