# Each choice alone, as planned: nothing is made here.
variables {
  project_name         = "choices-ami-pipeline"
  project_description  = "Builds the choices AMI"
  artefact_bucket_name = "choices-ami-builder-artefacts-123456789012"
  source_repository    = "ami-builder"
  environment_vars     = { PACKER_SCRIPT = "packer/choices.json" }
}

run "a_connection_needs_no_event" {
  command = plan

  variables {
    source_type       = "codeconnections"
    source_repository = "example/ami-builder"
    connection_arn    = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].provider == "CodeStarSourceConnection"
    error_message = "The source is a connection."
  }

  assert {
    condition = aws_codepipeline.this.stage[0].action[0].configuration == tomap({
      BranchName       = "main"
      ConnectionArn    = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
      DetectChanges    = "true"
      FullRepositoryId = "example/ami-builder"
    })
    error_message = "CodeConnections detects changes by itself."
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.this) + length(aws_iam_role.events) == 0
    error_message = "EventBridge has nothing to do, so it has no role."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.codepipeline[0].policy, "codecommit:")
    error_message = "CodeCommit is out of the game."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.codebuild[0].policy, "UseConnection")
    error_message = "Without a full clone the build has no right to the connection."
  }
}

run "a_full_clone_is_the_builds_own" {
  command = plan

  variables {
    full_clone = true
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].configuration["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"
    error_message = "The build gets a reference to clone."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.codebuild[0].policy, "codecommit:GitPull")
    error_message = "The build may fetch the repository."
  }
}

run "approval_comes_before_the_build" {
  command = plan

  variables {
    approval = { topic_arn = "arn:aws:sns:eu-west-1:123456789012:images" }
  }

  assert {
    condition     = [for stage in aws_codepipeline.this.stage : stage.name] == ["Source", "Approval", "Build"]
    error_message = "The approval is between source and build."
  }

  assert {
    condition     = aws_codepipeline.this.stage[1].action[0].configuration["NotificationArn"] == "arn:aws:sns:eu-west-1:123456789012:images"
    error_message = "The topic is told."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.codepipeline[0].policy, "sns:Publish")
    error_message = "The pipeline may tell the topic."
  }
}

run "approval_needs_no_topic" {
  command = plan

  variables {
    approval = {}
  }

  assert {
    condition     = length(aws_codepipeline.this.stage) == 3 && !strcontains(aws_iam_role_policy.codepipeline[0].policy, "sns:")
    error_message = "An approval without a topic is one, and gives no right."
  }
}

run "a_schedule_starts_it_too" {
  command = plan

  variables {
    schedule = "rate(7 days)"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this["schedule"].schedule_expression == "rate(7 days)"
    error_message = "The clock starts the pipeline."
  }

  assert {
    condition     = length(regexall("rule/choices-ami-pipeline-s(ource|chedule)", aws_iam_role.events[0].assume_role_policy)) == 2
    error_message = "Both rules may use the role, and no other."
  }
}

run "a_connection_with_a_schedule" {
  command = plan

  variables {
    source_type       = "codeconnections"
    source_repository = "example/ami-builder"
    connection_arn    = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
    schedule          = "cron(30 4 ? * MON-FRI *)"
  }

  assert {
    condition     = length(regexall("rule/", aws_iam_role.events[0].assume_role_policy)) == 1 && keys(aws_cloudwatch_event_rule.this) == ["schedule"]
    error_message = "The role is the schedule's alone."
  }
}

run "notifications" {
  command = plan

  variables {
    notifications = { topic_arn = "arn:aws:sns:eu-west-1:123456789012:images" }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["state"].event_pattern).detail.state == ["FAILED", "SUCCEEDED"]
    error_message = "Failure and success are told."
  }
}

run "a_vpc_with_given_groups" {
  command = plan

  variables {
    vpc_config = {
      vpc_id             = "vpc-04f99e5833c3a909b"
      subnet_ids         = ["subnet-0a1b2c3d4e5f60718"]
      security_group_ids = ["sg-0a1b2c3d4e5f60718"]
    }
  }

  assert {
    condition     = length(aws_security_group.build) == 0 && length(aws_codebuild_project.this.vpc_config[0].security_group_ids) == 1
    error_message = "The given group is used, and none is made."
  }

  assert {
    condition     = strcontains(aws_iam_policy.network_and_sharing[0].policy, "arn:aws:ec2:eu-west-1:*:subnet/subnet-0a1b2c3d4e5f60718")
    error_message = "The right to network interfaces is limited to the subnets."
  }

  assert {
    condition     = !strcontains(aws_iam_policy.network_and_sharing[0].policy, "security-group/*")
    error_message = "And to the groups."
  }
}

run "no_limit_by_tag" {
  command = plan

  variables {
    instance_tags = {}
  }

  assert {
    condition = length([
      for statement in jsondecode(aws_iam_role_policy.codebuild[0].policy).Statement : statement
      if length(regexall("(Request|Resource)Tag|CreateAction", jsonencode(statement))) > 0
    ]) == 0
    error_message = "Nothing is limited by tag."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.codebuild[0].policy, "ec2:TerminateInstances")
    error_message = "The rights themselves stay."
  }
}

run "instances_in_a_named_network" {
  command = plan

  variables {
    vpc_id             = "vpc-04f99e5833c3a909b"
    subnet_ids         = ["subnet-0a1b2c3d4e5f60718"]
    security_group_ids = ["sg-0a1b2c3d4e5f60718"]
  }

  assert {
    condition = alltrue([
      for each in ["vpc/vpc-04f99e5833c3a909b", "subnet/subnet-0a1b2c3d4e5f60718", "security-group/sg-0a1b2c3d4e5f60718"] :
      strcontains(aws_iam_role_policy.codebuild[0].policy, "arn:aws:ec2:*:*:${each}")
    ])
    error_message = "The build may use what is named."
  }

  assert {
    condition     = length(regexall("(vpc|subnet)/[*]", aws_iam_role_policy.codebuild[0].policy)) == 0
    error_message = "And no other network."
  }
}

run "nothing_is_shared_unless_an_account_is_named" {
  command = plan

  assert {
    condition     = length(aws_iam_policy.network_and_sharing) == 0 && !strcontains(aws_iam_role_policy.codebuild[0].policy, "ModifySnapshotAttribute")
    error_message = "No right to share a snapshot."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.codebuild[0].policy).Statement :
      length(regexall("ec2:Attribute/(Description|ImdsSupport)", jsonencode(statement.Condition))) == 1
      if length(regexall("ModifyImageAttribute", jsonencode(statement))) > 0
    ])
    error_message = "Of an image only what it says and demands is set, not who may start it."
  }
}

run "sharing_with_an_account" {
  command = plan

  variables {
    share_with_accounts = ["999999999999"]
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_policy.network_and_sharing[0].policy).Statement :
      statement.Condition["ForAllValues:StringEquals"]["ec2:Add/userId"] == ["999999999999"] && statement.Condition.Null["ec2:Add/group"] == "true"
    ])
    error_message = "With that account alone."
  }
}

run "an_old_packer_tags_no_group" {
  command = plan

  variables {
    environment_vars = { PACKER_SCRIPT = "packer/choices.json", PACKER_VERSION = "1.6.6" }
  }

  assert {
    condition = length([
      for statement in jsondecode(aws_iam_role_policy.codebuild[0].policy).Statement : statement
      if contains(flatten([statement.Action]), "ec2:AuthorizeSecurityGroupIngress") && length(regexall("Tag/", jsonencode(statement))) == 0
    ]) == 2
    error_message = "Its groups are like any other: the statement of their rules, and one without a tag."
  }
}

run "a_push_can_be_left_to_a_dispatcher" {
  command = plan

  variables {
    start_on_push = false
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.this) + length(aws_iam_role.events) == 0
    error_message = "Nothing starts the pipeline, so EventBridge has no role."
  }
}

run "what_is_shared_is_not_made" {
  command = plan

  variables {
    shared = {
      artefact_bucket_name  = "estate-artefacts"
      codepipeline_role_arn = "arn:aws:iam::123456789012:role/estate-codepipeline"
      codebuild_role_arn    = "arn:aws:iam::123456789012:role/estate-codebuild"
      events_role_arn       = "arn:aws:iam::123456789012:role/estate-events"
    }
  }

  assert {
    condition     = length(aws_s3_bucket.artefacts) + length(aws_iam_role.codebuild) + length(aws_iam_role.codepipeline) + length(aws_iam_role.events) == 0
    error_message = "Neither a bucket nor a role of its own."
  }

  assert {
    condition     = aws_codepipeline.this.role_arn == "arn:aws:iam::123456789012:role/estate-codepipeline" && aws_cloudwatch_event_target.this["source"].role_arn == "arn:aws:iam::123456789012:role/estate-events"
    error_message = "The shared roles act for it."
  }

  assert {
    condition     = output.artefact_bucket_arn == "arn:aws:s3:::estate-artefacts"
    error_message = "The outputs name what is shared."
  }
}

run "a_bucket_is_shared_alone" {
  command = plan

  variables {
    shared = { artefact_bucket_name = "estate-artefacts" }
  }

  assert {
    condition     = length(aws_s3_bucket.artefacts) == 0 && length(aws_iam_role.codebuild) == 1
    error_message = "The roles are its own, the bucket is not."
  }

  assert {
    condition     = length(regexall("arn:aws:s3:::estate-artefacts/\\*", aws_iam_role_policy.codebuild[0].policy)) == 1
    error_message = "The build reads and writes there."
  }
}

run "a_tunnel_has_a_profile_of_its_own" {
  command = plan

  variables {
    network = "session-manager"
  }

  assert {
    condition     = aws_iam_instance_profile.instance[0].name == "choices-ami-pipeline-instance" && aws_iam_instance_profile.instance[0].role == aws_iam_role.instance[0].name
    error_message = "The instance gets the role that the module makes."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.instance[0].policy, "ssm:Get")
    error_message = "It may hold a session, and read nothing."
  }

  assert {
    condition     = { for each in aws_codebuild_project.this.environment[0].environment_variable : each.name => each.value }["SSH_INTERFACE"] == "session_manager"
    error_message = "The template is told so."
  }
}

run "a_secret_is_named_and_not_written" {
  command = plan

  variables {
    environment_secrets = {
      DB    = { secret = "app/database:password" }
      TOKEN = { parameter = "/app/token" }
    }
  }

  assert {
    condition = sort([for each in aws_codebuild_project.this.environment[0].environment_variable : "${each.name} ${each.type} ${each.value}"]) == tolist([
      "DB SECRETS_MANAGER app/database:password",
      "PACKER_SCRIPT PLAINTEXT packer/choices.json",
      "TOKEN PARAMETER_STORE /app/token",
    ])
    error_message = "CodeBuild knows where the values are."
  }

  assert {
    condition     = length(jsondecode(aws_iam_policy.secrets[0].policy).Statement) == 2
    error_message = "The build may read the secret and the parameter, and decrypts with AWS's own keys."
  }
}

run "a_good_build_sets_one_channel" {
  command = plan

  variables {
    publish_parameter = "/images/choices/dev"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.publish[0].policy).Statement : [statement.Action, split(":", statement.Resource)[5]]] == [
      ["ssm:PutParameter", "parameter/images/choices/dev"]
    ]
    error_message = "The build may write this parameter and no other."
  }

  assert {
    condition     = contains([for variable in aws_codebuild_project.this.environment[0].environment_variable : "${variable.name}=${variable.value}"], "TFGEN_CHANNEL_PARAMETER=/images/choices/dev")
    error_message = "The buildspec learns it from its environment."
  }
}
