"""Terraform's state: its backend, moving it, and rescuing it."""

__all__ = ["addresses", "backend", "backend_init", "errored", "local_state", "move", "push", "state_file"]
