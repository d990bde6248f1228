"""Shell texts, read by tree-sitter's grammar of bash: what they run, and which of their words may be paths."""

__all__ = ["commands", "expand", "marks", "operands", "paths", "ran", "tree", "walk"]
