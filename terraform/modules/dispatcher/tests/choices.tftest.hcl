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

  assert {
    condition = toset(jsondecode(aws_cloudwatch_event_rule.ended.event_pattern).detail.pipeline) == toset(["base-ami-pipeline", "web-ami-pipeline"]) && jsondecode(aws_cloudwatch_event_rule.ended.event_pattern).detail.state == [
      "CANCELED", "FAILED", "STOPPED", "SUCCEEDED", "SUPERSEDED"
    ]
    error_message = "The end of exactly these pipelines starts a dispatcher, whatever it is."
  }

  assert {
    condition     = aws_cloudwatch_event_rule.sweep[0].schedule_expression == "rate(1 hour)" && aws_codebuild_project.this.build_timeout == 30
    error_message = "The clock starts one, too; none takes long."
  }

  assert {
    condition     = aws_cloudwatch_event_target.push.retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.ended.retry_policy[0].maximum_event_age_in_seconds == 3600
    error_message = "EventBridge tries again when CodeBuild's queue is full."
  }
}

run "no_clock" {
  command = plan

  variables {
    sweep                 = null
    max_in_flight         = 60
    dead_letter_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:dispatcher-lost"
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.sweep) == 0 && aws_cloudwatch_event_target.ended.retry_policy[0].maximum_event_age_in_seconds == 86400
    error_message = "Without a clock, an event is worth a day."
  }

  assert {
    condition     = aws_cloudwatch_event_target.push.dead_letter_config[0].arn == var.dead_letter_queue_arn && aws_cloudwatch_event_target.ended.dead_letter_config[0].arn == var.dead_letter_queue_arn
    error_message = "Events that were not delivered are kept."
  }

  assert {
    condition = contains([
      for each in aws_codebuild_project.this.environment[0].environment_variable : each.value if each.name == "TFGEN_DISPATCH_MAX_IN_FLIGHT"
    ], "60")
    error_message = "The dispatcher is told how many."
  }
}

run "no_such_schedule" {
  command = plan

  variables {
    sweep = "1 hour"
  }

  expect_failures = [var.sweep]
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

  assert {
    condition     = length(aws_cloudwatch_event_rule.ended.event_pattern) <= 2048 && !can(jsondecode(aws_cloudwatch_event_rule.ended.event_pattern).detail.pipeline)
    error_message = "Where the names do not fit, the end of every pipeline starts a dispatcher."
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

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.ended.event_pattern).detail.pipeline[0].wildcard == "*-ami-pipeline"
    error_message = "Nor do their names fit into an event pattern."
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
