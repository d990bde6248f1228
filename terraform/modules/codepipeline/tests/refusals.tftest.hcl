# What two variables together may not say. What one may not is held by tests/terraform/test_module_inputs.py.
variables {
  project_name         = "refusals-ami-pipeline"
  project_description  = "Builds the refusals AMI"
  artefact_bucket_name = "refusals-ami-builder-artefacts-123456789012"
  source_repository    = "ami-builder"
  environment_vars     = { PACKER_SCRIPT = "packer/refusals.json" }
}

run "a_connection_is_missing" {
  command = plan

  variables {
    source_type       = "codeconnections"
    source_repository = "example/ami-builder"
  }

  expect_failures = [aws_codepipeline.this]
}

run "a_connection_is_too_much" {
  command = plan

  variables {
    connection_arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
  }

  expect_failures = [aws_codepipeline.this]
}

run "an_owner_is_missing" {
  command = plan

  variables {
    source_type    = "codeconnections"
    connection_arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
  }

  expect_failures = [aws_codepipeline.this]
}

run "an_owner_is_too_much" {
  command = plan

  variables {
    source_repository = "example/ami-builder"
  }

  expect_failures = [aws_codepipeline.this]
}

run "no_private_address_is_reached_from_outside" {
  command = plan

  variables {
    network = "private"
  }

  expect_failures = [aws_codebuild_project.this]
}

run "a_profile_that_is_not_listed" {
  command = plan

  variables {
    network          = "session-manager"
    environment_vars = { PACKER_SCRIPT = "packer/refused.json", IAM_INSTANCE_PROFILE = "other" }
  }

  expect_failures = [aws_codebuild_project.this]
}
