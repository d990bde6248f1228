"""Packer templates: what is one, what it declares, and what it uses."""

__all__ = ["describe", "details", "facts", "legacy", "model", "names", "uses"]
