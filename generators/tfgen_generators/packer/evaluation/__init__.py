"""Evaluation of Packer expressions: functions, locals, variables."""

__all__ = ["evaluate", "scope"]
