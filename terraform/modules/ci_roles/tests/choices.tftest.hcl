# Each choice alone, as planned: nothing is made here.
variables {
  host           = "github"
  repository     = "example-org/ami-builder"
  github         = { owner_id = "123456", repository_id = "456789" }
  state          = { bucket = "example-terraform-state", keys = ["ami-builder/terraform.tfstate"] }
  pipeline_names = ["*-ami-pipeline"]
  bucket_names   = ["*-ami-builder-artefacts-*"]
}

run "github_has_a_provider_and_both_forms_of_the_subject" {
  command = plan

  assert {
    condition     = aws_iam_openid_connect_provider.this[0].url == "https://token.actions.githubusercontent.com"
    error_message = "The provider is GitHub's."
  }

  assert {
    condition = jsondecode(aws_iam_role.apply.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == [
      "repo:example-org/ami-builder:environment:production",
      "repo:example-org@123456/ami-builder@456789:environment:production",
    ]
    error_message = "The apply role trusts the environment alone, with and without IDs."
  }

  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144 && length(aws_iam_role_policy.apply.policy) <= 10240
    error_message = "No policy is longer than IAM allows."
  }
}

run "a_provider_that_is_there_is_taken" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0
    error_message = "An account has one provider for an issuer."
  }
}

run "placeholders_and_wildcards_are_refused" {
  command = plan

  variables {
    repository     = "OWNER/NAME?"
    state          = { bucket = "STATE_BUCKET", keys = ["STATE_KEY?"] }
    github         = { owner_id = "OWNER_ID", repository_id = "REPOSITORY_ID" }
    bitbucket      = { workspace_uuid = "WORKSPACE", repository_uuid = "REPOSITORY", environment_uuid = "ENVIRONMENT" }
    branch         = "release/*"
    environment    = "prod*"
    pipeline_names = ["*"]
    bucket_names   = ["*"]
  }

  expect_failures = [
    var.repository, var.state, var.github, var.bitbucket, var.branch, var.environment, var.pipeline_names, var.bucket_names,
  ]
}

run "github_without_ids_is_refused" {
  command = plan

  variables {
    github = { owner_id = "", repository_id = "" }
  }

  expect_failures = [var.github]
}

run "a_host_without_its_own_inputs_is_refused" {
  command = plan

  variables {
    host = "bitbucket"
  }

  expect_failures = [aws_iam_role.plan]
}

run "the_apply_role_is_none_of_its_own_pipelines" {
  command = plan

  variables {
    pipeline_names = ["tfgen*"]
  }

  expect_failures = [aws_iam_role.apply]
}

run "too_many_names_are_refused" {
  command = plan

  variables {
    pipeline_names = [for number in range(20) : "image-${number}-ami-pipeline"]
  }

  expect_failures = [aws_iam_policy.boundary]
}

run "a_boundary_that_forbids_what_the_pipelines_need_is_refused" {
  command = plan

  variables {
    boundary_policy = <<-EOT
      {"Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "codebuild:Create*", "Resource": "*"}
      ]}
    EOT
  }

  expect_failures = [aws_iam_policy.boundary]
}

run "a_boundary_that_allows_it_is_taken_and_protected" {
  command = plan

  variables {
    boundary_policy = "{\"Statement\": [{\"Effect\": \"Allow\", \"NotAction\": \"organizations:*\", \"Resource\": \"*\"}]}"
  }

  assert {
    condition     = jsondecode(aws_iam_policy.boundary.policy).Statement[0].NotAction == "organizations:*" && length(jsondecode(aws_iam_policy.boundary.policy).Statement) == 4
    error_message = "The given statement comes first, then the protection."
  }
}
