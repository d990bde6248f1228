"""Terraform: binary, version, arguments, init, inputs and failures."""

__all__ = [
    "argv",
    "binary",
    "encryption",
    "environment",
    "failures",
    "init",
    "inputs",
    "interruption",
    "lock_file",
    "plugin_cache",
    "version",
    "watched",
]
