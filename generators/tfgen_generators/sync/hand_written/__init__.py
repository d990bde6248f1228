"""Hand-written module calls beside the generated ones."""

__all__ = ["called_twice", "files"]
