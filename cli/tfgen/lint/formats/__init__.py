"""Findings as text, JSON, SARIF, JUnit and GitHub annotations."""

__all__ = ["render", "shown", "summary"]
