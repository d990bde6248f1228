"""What a value in a template may come to in a pipeline: texts, with marks for what cannot be known."""

__all__ = ["combinations", "possible_values", "sources"]
