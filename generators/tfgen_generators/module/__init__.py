"""Terraform modules: the variables of the pipelines' own, inputs checked, and which files each module reads."""

__all__ = [
    "cache",
    "check",
    "configuration",
    "evaluation",
    "file_reads",
    "interface",
    "reads",
    "terraform_file",
    "tree_of_modules",
    "values",
]
