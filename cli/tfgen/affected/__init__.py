"""`tfgen affected`: which images a change touches, by comparing the graphs of two commits."""

__all__ = ["answer", "find", "many", "model", "view"]
