"""Packer templates: what is one, what it declares, and what it uses."""

__all__ = ["ansible_arguments", "ansible_settings", "describe", "details", "facts", "legacy", "model", "names", "uses"]
