"""The boundary at which errors become messages and exit codes, and the process ends."""

__all__ = ["exits"]
