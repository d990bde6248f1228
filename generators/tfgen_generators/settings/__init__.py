"""tfgen.toml: its structs, reading, checks and edits."""

__all__ = [
    "checks",
    "edit",
    "git_names",
    "inputs",
    "lifecycle",
    "lines",
    "lint_tables",
    "model",
    "publish",
    "read",
    "requirement",
    "schema",
    "secrets",
    "setting_scope",
    "tables",
    "variants",
]
