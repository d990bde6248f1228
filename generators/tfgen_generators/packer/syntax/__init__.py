"""Syntax of Packer files: JSON and HCL2 to bodies and values."""

__all__ = ["actions", "hcl_reader", "hcl_values", "json_reader", "syntax", "values"]
