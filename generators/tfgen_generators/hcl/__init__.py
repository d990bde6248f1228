"""HCL: values to canonical text, and text to blocks and syntax trees."""

__all__ = ["blocks", "terraform_files", "tree", "write"]
