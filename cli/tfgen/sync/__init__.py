"""`tfgen sync`: surveys the repository, writes generated files, and remembers a clean result."""

__all__ = [
    "ancestry",
    "chosen_pipelines",
    "fast_check",
    "last_clean",
    "read_back",
    "renames",
    "report",
    "run",
    "settled",
    "survey",
]
