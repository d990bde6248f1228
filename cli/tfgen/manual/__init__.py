"""The pages of the documentation, which the wheel has too."""

__all__ = ["pages"]
