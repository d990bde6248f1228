"""The report on a terminal: a table, one image at length, and what a check finds in it."""

__all__ = ["answer", "check", "one", "table", "watch"]
