"""What is kept in `.tfgen/cache` between runs."""

__all__ = ["graph_store", "template_store"]
