"""The report as one page of HTML."""

__all__ = ["render"]
