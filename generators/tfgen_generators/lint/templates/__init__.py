"""Templates as lint sees them: every value with its place."""

__all__ = ["nodes", "places", "source", "values"]
