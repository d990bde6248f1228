"""`tfgen lint --explain RULE`: the page of a rule, which the wheel has too."""

from __future__ import annotations

from tfgen.manual import pages
from tfgen_generators.lint.engine import chosen_rules


def page_of(rule: str) -> str:
    """The text of docs/rules/RULE.md. Raises UsageError with the nearest id for an unknown rule."""
    chosen_rules([rule])
    return pages.page_of(f"rules/{rule}")
