"""Processes of Terraform: signals, streams and logs."""

__all__ = ["log", "process", "streams"]
