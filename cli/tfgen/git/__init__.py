"""git: the only room that starts it."""

__all__ = ["blobs", "deepen", "differences", "merge_base", "push", "remotes", "renames", "repository"]
