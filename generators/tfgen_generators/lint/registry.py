"""All rules, sorted by id. They are imported when they are asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen_generators.lint.model import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id."""
    from tfgen_generators.lint.rules import between_rules, packer_rules

    return tuple(sorted((*between_rules.RULES, *packer_rules.RULES), key=lambda rule: rule.id))
