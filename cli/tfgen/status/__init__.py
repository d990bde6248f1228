"""`tfgen status`: the state of every image, from AWS, git and the graph; a table, JSON or a page."""

__all__ = ["collect", "facts", "model", "run", "saved", "table"]
