"""`tfgen lint`: runs the rules and applies fixes."""

__all__ = ["run"]
