"""`tfgen lint --explain RULE`: the page of a rule, which the wheel has too."""

from __future__ import annotations

from pathlib import Path

from tfgen_generators.errors import TfgenError
from tfgen_generators.lint.engine import chosen_rules
from tfgen_generators.trees.files import read_bytes


def page_of(rule: str) -> str:
    """The text of docs/rules/RULE.md. Raises UsageError with the nearest id for an unknown rule."""
    chosen_rules([rule])
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parents[1] / "docs" / "rules", package / "rules"):
        if (folder / f"{rule}.md").is_file():
            return read_bytes(folder / f"{rule}.md").decode()
    raise TfgenError(
        f"the page of {rule} is missing in this installation",
        fix="remove tfgen-ami and install it anew, from its wheel or commit",
    )
