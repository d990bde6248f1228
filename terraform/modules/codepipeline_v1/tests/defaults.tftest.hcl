# Made from modules/codepipeline/tests/defaults.tftest.hcl by tools/module_v1.py: change that file, then run: python tools/module_v1.py

# What the module makes of the five inputs that it requires: applied, then destroyed by terraform test itself.
variables {
  project_name         = "defaults-ami-pipeline"
  project_description  = "Builds the defaults AMI"
  artefact_bucket_name = "defaults-ami-builder-artefacts-123456789012"
  source_repository    = "ami-builder"
  environment_vars     = { PACKER_SCRIPT = "packer/defaults.json" }
}

run "makes_a_pipeline" {
  assert {
    condition     = output.pipeline_name == "defaults-ami-pipeline" && output.build_project_name == output.pipeline_name
    error_message = "Pipeline and project carry the project_name."
  }

  assert {
    condition     = [for stage in aws_codepipeline.this.stage : stage.name] == ["Source", "Build"]
    error_message = "There is no stage but Source and Build."
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].configuration["PollForSourceChanges"] == "false"
    error_message = "Nothing polls."
  }

  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["source"]
    error_message = "A push starts the pipeline, and no clock does."
  }

  assert {
    condition     = !aws_codebuild_project.this.environment[0].privileged_mode
    error_message = "The build is not privileged."
  }

  assert {
    condition     = output.security_group_id == null && length(aws_codebuild_project.this.vpc_config) == 0
    error_message = "The build is outside of any VPC."
  }

  assert {
    condition     = alltrue([for arn in values(output.role_arns) : arn != null]) && length(distinct(values(output.role_arns))) == 3
    error_message = "Each service has a role of its own."
  }

  assert {
    condition     = aws_cloudwatch_log_group.build.retention_in_days == 90 && output.log_group_name == "/aws/codebuild/defaults-ami-pipeline"
    error_message = "The logs are kept for 90 days."
  }
}

# The same state again: the names of a run's variables go over those of the file.
run "a_change_stays_in_place" {
  variables {
    environment_vars   = { PACKER_SCRIPT = "packer/other.json" }
    log_retention_days = 7
  }

  assert {
    condition     = output.build_project_name == "defaults-ami-pipeline" && aws_cloudwatch_log_group.build.retention_in_days == 7
    error_message = "A change of variables keeps the project."
  }
}
