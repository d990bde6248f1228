"""What a person asks of `tfgen adopt`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tfgen_generators.errors import UsageError


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
