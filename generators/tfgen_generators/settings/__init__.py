"""tfgen.toml: its structs, reading, checks and edits."""

__all__ = [
    "edit",
    "git_names",
    "inputs",
    "lines",
    "lint_tables",
    "model",
    "read",
    "requirement",
    "secrets",
    "setting_scope",
    "variants",
]
