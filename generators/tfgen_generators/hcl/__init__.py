"""HCL: values to canonical text, and text to blocks and syntax trees."""

__all__ = ["blocks", "expression_reader", "expressions", "terraform_files", "tree", "write"]
