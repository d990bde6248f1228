# What only a pipeline of the type V2 has, each choice alone, as planned: nothing is made here.
variables {
  project_name         = "choices-ami-pipeline"
  project_description  = "Builds the choices AMI"
  artefact_bucket_name = "choices-ami-builder-artefacts-123456789012"
  source_type          = "codeconnections"
  source_repository    = "example/ami-builder"
  connection_arn       = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
  environment_vars     = { PACKER_SCRIPT = "packer/choices.json" }
}

run "without_file_paths_every_push_starts_it" {
  command = plan

  assert {
    condition     = length(aws_codepipeline.this.trigger[0].git_configuration[0].push[0].file_paths) == 0
    error_message = "There is no filter."
  }
}

run "file_paths_filter_pushes" {
  command = plan

  variables {
    file_paths = ["packer/choices.json", "ansible/**"]
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2"
    error_message = "Only V2 has triggers."
  }

  assert {
    condition     = aws_codepipeline.this.trigger[0].git_configuration[0].push[0].file_paths[0].includes == tolist(["packer/choices.json", "ansible/**"])
    error_message = "The filter is what was given."
  }
}

run "a_push_can_be_left_out" {
  command = plan

  variables {
    start_on_push = false
  }

  assert {
    condition     = length(aws_codepipeline.this.trigger) == 0
    error_message = "There is no trigger."
  }
}
