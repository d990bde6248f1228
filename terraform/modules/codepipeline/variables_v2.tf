variable "pipeline_type" {
  description = "Type of the pipeline: V2 (billed by the minute of an action) or V1 (billed by the month), which has neither triggers nor execution modes."
  type        = string
  default     = "V2"
  nullable    = false

  validation {
    condition     = contains(["V1", "V2"], var.pipeline_type)
    error_message = "The pipeline_type must be V2 or V1."
  }
}

variable "execution_mode" {
  description = "What happens to executions that overlap: SUPERSEDED (a newer one overtakes one that waits), QUEUED (each is run, in order) or PARALLEL (each is run at once)."
  type        = string
  default     = "SUPERSEDED"
  nullable    = false

  validation {
    condition     = contains(["SUPERSEDED", "QUEUED", "PARALLEL"], var.execution_mode)
    error_message = "The execution_mode must be SUPERSEDED, QUEUED or PARALLEL."
  }
}

variable "file_paths" {
  description = "Globs of files, from the repository's root: a push that changes none of them does not start the pipeline. At most 8, of at most 255 characters, and with codeconnections alone. Empty means every push."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.file_paths) <= 8 && alltrue([for glob in var.file_paths : length(glob) > 0 && length(glob) <= 255])
    error_message = "The file_paths must be at most 8 globs of 1 to 255 characters."
  }
}
