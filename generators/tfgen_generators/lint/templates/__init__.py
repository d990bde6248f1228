"""Templates as lint sees them: every value with its place."""

__all__ = ["native_nodes", "nodes", "places", "source", "values", "versions"]
