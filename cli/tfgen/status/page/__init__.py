"""The report as one HTML file: pictures, a table that sorts and filters itself, nothing from outside."""

__all__ = ["render"]
