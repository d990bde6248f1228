"""A repository's files: on the disk, as a commit has them, through links; and stamps for caches."""

__all__ = ["disk", "linked", "overlay", "stamps", "store", "tree"]
