"""`tfgen plan --untrusted`: what a stranger's branch may not bring."""

__all__ = ["base_tree", "checks"]
