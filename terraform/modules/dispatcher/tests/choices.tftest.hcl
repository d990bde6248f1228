# Each choice alone, as planned: nothing is made here.
variables {
  name              = "choices-dispatcher"
  source_repository = "ami-builder"
  tfgen_requirement = "tfgen-ami @ git+https://example.com/tfgen@4b825dc642cb6eb9a060e54bf8d69288fbee4904"
  pipelines         = { base = "base-ami-pipeline", web = "web-ami-pipeline" }
}

run "it_may_start_exactly_these_pipelines" {
  command = plan

  assert {
    condition     = length(aws_iam_policy.pipelines) == 1
    error_message = "Two ARNs fit into one policy."
  }

  assert {
    condition = alltrue([
      for arn in jsondecode(aws_iam_policy.pipelines["1"].policy).Statement[0].Resource :
      endswith(arn, ":base-ami-pipeline") || endswith(arn, ":web-ami-pipeline")
    ])
    error_message = "No other pipeline is named."
  }

  assert {
    condition     = aws_codebuild_project.this.source[0].git_clone_depth == 0 && aws_codebuild_project.this.source_version == "refs/heads/main"
    error_message = "The build has the whole history of the branch."
  }
}

run "many_pipelines_take_several_policies" {
  command = plan

  variables {
    pipelines = { for number in range(300) : "image-${number}" => "image-${number}-ami-pipeline" }
  }

  assert {
    condition     = length(aws_iam_policy.pipelines) > 1 && alltrue([for each in aws_iam_policy.pipelines : length(each.policy) <= 6144])
    error_message = "No policy is longer than IAM allows."
  }
}

run "too_many_pipelines_are_refused" {
  command = plan

  variables {
    pipelines = { for number in range(900) : "image-${number}" => "image-${number}-ami-pipeline" }
  }

  expect_failures = [aws_iam_policy.pipelines]
}

run "unless_patterns_name_them" {
  command = plan

  variables {
    pipelines         = { for number in range(900) : "image-${number}" => "image-${number}-ami-pipeline" }
    pipeline_patterns = ["*-ami-pipeline"]
  }

  assert {
    condition     = length(aws_iam_policy.pipelines) == 1
    error_message = "One pattern is one ARN."
  }
}

run "a_wheel_by_its_digest" {
  command = plan

  variables {
    tfgen_requirement = "https://example.com/tfgen_ami-0.2.0-py3-none-any.whl#sha256=${sha256("")}"
  }
}

run "a_name_alone_is_refused" {
  command = plan

  variables {
    tfgen_requirement = "tfgen-ami"
  }

  expect_failures = [var.tfgen_requirement]
}

run "a_branch_is_refused" {
  command = plan

  variables {
    tfgen_requirement = "git+https://example.com/tfgen@main"
  }

  expect_failures = [var.tfgen_requirement]
}
