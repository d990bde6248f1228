"""Terraform's state: its backend, moving it, and rescuing it."""

__all__ = ["backend", "backend_init", "errored", "move", "push", "state_file"]
