"""git: the only room that starts it."""

__all__ = [
    "beside",
    "deepen",
    "differences",
    "history",
    "merge_base",
    "merge_file",
    "push",
    "remotes",
    "renames",
    "repository",
]
