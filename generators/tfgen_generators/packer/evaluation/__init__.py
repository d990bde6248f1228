"""Evaluation of Packer expressions: functions, locals, variables."""

__all__ = ["bound", "calls", "convert", "evaluate", "functions", "possible", "scope"]
