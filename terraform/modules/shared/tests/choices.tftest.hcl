# Each choice alone, as planned: nothing is made here.
variables {
  name                 = "choices-shared"
  pipelines            = ["*-ami-pipeline"]
  artefact_bucket_name = "choices-artefacts-123456789012"
  source_repository    = "ami-builder"
}

run "bucket_and_roles" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket.artefacts) == 1 && length(aws_iam_role.codebuild) == 1 && length(aws_cloudwatch_event_rule.state) == 0
    error_message = "Both are there, and nobody is told."
  }

  assert {
    condition     = endswith(output.shared.codebuild_role_arn, ":role/choices-shared-codebuild")
    error_message = "A plan knows what a pipeline is given."
  }

  assert {
    condition     = jsondecode(aws_iam_role.codebuild[0].assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] != []
    error_message = "CodeBuild assumes the role for these projects alone."
  }
}

run "the_bucket_alone" {
  command = plan

  variables {
    roles = false
  }

  assert {
    condition     = length(aws_iam_role.codebuild) + length(aws_iam_role.codepipeline) + length(aws_iam_role.events) == 0
    error_message = "No role is made."
  }

  assert {
    condition     = output.shared.codebuild_role_arn == null && output.shared.artefact_bucket_name == "choices-artefacts-123456789012"
    error_message = "A pipeline is told to make its own."
  }
}

run "one_rule_for_all" {
  command = plan

  variables {
    pipelines     = ["*-ami-pipeline", "web"]
    notifications = { topic_arn = "arn:aws:sns:eu-west-1:123456789012:images" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.state[0].event_pattern).detail.pipeline[0] == "web"
    error_message = "A name is a name, a pattern a wildcard."
  }
}

run "a_pattern_for_everything_is_refused" {
  command = plan

  variables {
    pipelines = ["*"]
  }

  expect_failures = [var.pipelines]
}
