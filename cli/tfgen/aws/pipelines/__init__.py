"""Pipelines in AWS: executions, build logs, history, and what the dispatcher remembers."""

__all__ = ["build_log", "dispatch_state", "executions", "history"]
