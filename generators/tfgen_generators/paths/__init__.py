"""The path resolution model: which files a name in a template, script or buildspec stands for."""

__all__ = [
    "buildspec",
    "filesets",
    "model",
    "packer_script",
    "path_resolution",
    "pipeline_files",
    "shown_var_files",
    "template_inputs",
    "terraform_reads",
    "var_files",
    "working_dir",
]
