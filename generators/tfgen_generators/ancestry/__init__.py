"""Which image starts from which: names and tags that templates give, matched with source filters."""

__all__ = ["images", "parents", "patterns"]
