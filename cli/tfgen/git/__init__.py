"""git: the only room that starts it."""

__all__ = ["beside", "deepen", "differences", "merge_base", "merge_file", "push", "remotes", "renames", "repository"]
