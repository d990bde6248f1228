"""`tfgen plan --untrusted`: a copy of the base's files to plan in, and what of a stranger's branch is not in it."""

__all__ = ["base_tree", "place"]
