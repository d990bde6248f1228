"""tfgen.toml: its structs, reading, checks and edits."""

__all__ = [
    "checks",
    "codecommit_url",
    "edit",
    "inputs",
    "lines",
    "lint_tables",
    "model",
    "read",
    "requirement",
    "schema",
    "secrets",
    "setting_scope",
    "tables",
]
