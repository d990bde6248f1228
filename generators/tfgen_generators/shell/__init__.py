"""Shell texts, read by tree-sitter's grammar of bash: what they run, in which folder, and what variables they set."""

__all__ = [
    "commands",
    "expand",
    "folders",
    "marks",
    "operands",
    "prefixes",
    "printed",
    "ran",
    "tree",
    "variables",
    "walk",
]
