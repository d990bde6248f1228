"""What a person asks of `tfgen adopt`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen_generators.adopt.model import Row


class AdoptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`matches` are label of a call -> template (path or name); `ours`: all move to the module of tfgen.toml."""

    write: bool = False
    matches: Mapping[str, str] = {}
    ours: bool = False
    plan: bool = True
    terraform: str | None = None


def read_matches(given: Sequence[str]) -> dict[str, str]:
    """`LABEL=TEMPLATE` each. Raises UsageError."""
    found: dict[str, str] = {}
    for text in given:
        label, sign, template = text.partition("=")
        if not sign or not label or not template:
            raise UsageError(
                f"--match {text}: must be LABEL=TEMPLATE", fix="use for example --match web=packer/web.json"
            )
        if found.setdefault(label, template) != template:
            raise UsageError(f"--match {label} is given twice", fix="give each call one template")
    return found


def ask(rows: Sequence[Row]) -> tuple[str, str] | None:
    """What a person at the terminal says to the first row that is not clear: label and template; None for nothing."""
    from tfgen.console import note, one_line
    from tfgen.sync.renames import can_ask

    row = next((row for row in rows if row.choices), None)
    if row is None or not can_ask():
        return None
    note(one_line(f"{row.place}: {row.reason}. Which one is it?"))
    for number, choice in enumerate(row.choices, 1):
        note(one_line(f"  {number}  {choice.replace('=', ' builds ', 1)}"))
    sys.stderr.write(f"number (1 to {len(row.choices)}, or nothing to stop): ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not answer.isdigit() or not 1 <= int(answer) <= len(row.choices):
        return None
    label, _, template = row.choices[int(answer) - 1].partition("=")
    return label, template
