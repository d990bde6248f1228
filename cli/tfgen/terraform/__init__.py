"""Terraform: binary, version, arguments, init, inputs and failures."""

__all__ = [
    "argv",
    "binary",
    "environment",
    "failures",
    "init",
    "inputs",
    "interruption",
    "plugin_cache",
    "version",
    "watched",
]
