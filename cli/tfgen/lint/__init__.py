"""`tfgen lint`: runs the rules, applies fixes, compares with a baseline, and shows the page of a rule."""

__all__ = ["baseline", "explain", "run"]
