"""tfgen.toml: its structs, reading, checks and edits."""

__all__ = [
    "codecommit_url",
    "edit",
    "inputs",
    "lines",
    "lint_tables",
    "model",
    "read",
    "requirement",
    "secrets",
    "setting_scope",
]
