"""The pipelines' Terraform module: its variables, and a check of the inputs against them."""

__all__ = ["cache", "check", "interface"]
