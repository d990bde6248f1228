"""An AMI in other regions and for other accounts: its copies, who may start them, and their keys."""

__all__ = ["copy", "find", "keys", "share"]
