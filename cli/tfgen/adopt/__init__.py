"""`tfgen adopt`: hand-written module calls become generated ones, all or none, and back."""

__all__ = ["import_ids", "imports", "request", "run", "view"]
