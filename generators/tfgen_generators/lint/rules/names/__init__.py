"""Rules on names in AWS."""

__all__ = ["ami_names", "same_names"]
