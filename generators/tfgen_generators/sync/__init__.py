"""Sync without writing: survey, desired files, changes; and the only module that writes generated files."""

__all__ = [
    "by_base",
    "effective",
    "find_changes",
    "identity",
    "model",
    "pins",
    "rename",
    "survey",
    "verify",
    "write",
]
