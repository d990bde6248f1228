"""Pipelines in AWS: executions, build logs, history, and what the dispatcher remembers."""

__all__ = [
    "build_log",
    "dispatch_lease",
    "dispatch_state",
    "executions",
    "first_builds",
    "history",
    "own_builds",
    "reason",
    "runs",
]
