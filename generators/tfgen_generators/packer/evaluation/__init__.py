"""Evaluation of Packer expressions: functions, locals, variables."""

__all__ = ["bound", "calls", "evaluate", "functions", "possible", "scope"]
