"""A repository's files: on the disk, as a commit has them, through links; and stamps for caches."""

__all__ = [
    "disk",
    "files",
    "globs",
    "linked",
    "outside",
    "overlay",
    "recorded",
    "stamps",
    "store",
    "tree",
    "unknown_folders",
]
