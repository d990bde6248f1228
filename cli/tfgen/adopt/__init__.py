"""`tfgen adopt`: hand-written module calls become generated ones, all or none, and back."""

__all__ = ["request", "run", "view"]
