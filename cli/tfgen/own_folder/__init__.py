"""The folder `.tfgen/`: nothing in it is opened through a link, and what no tfgen has made there is thrown away."""

__all__ = ["foreign"]
