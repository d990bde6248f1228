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
