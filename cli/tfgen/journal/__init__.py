"""Changes of several files that happen all or not at all, and the way back."""

__all__ = ["files"]
