"""The dispatcher module block, its inputs, and file path filters of pipelines."""

__all__ = ["inputs", "module"]
