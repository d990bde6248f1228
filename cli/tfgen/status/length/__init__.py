"""What `tfgen status IMAGE` says besides the row: what changed since, what the image is made of."""

__all__ = ["at_length", "changes"]
