"""`[lint]` of tfgen.toml: rules switched off with a reason, and their severities."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted
from tfgen_generators.settings.tables import table_at

_SEVERITIES = ("error", "warning", "note")
_TABLES = ("disable", "severity", "templates")


class LintSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`disable` and `templates` map a rule's id to the reason why it is off: everywhere, or for one template by name.

    Whether a rule of that id exists is for lint to say: no other command stops at it.
    """

    disable: Mapping[str, str] = {}
    severity: Mapping[str, str] = {}
    templates: Mapping[str, Mapping[str, str]] = {}


def read_lint(value: object) -> LintSettings:
    """The table `[lint]`. Raises InvalidSettingError."""
    table = table_at(("lint",), value)
    for key in table:
        if key not in _TABLES:
            raise InvalidSettingError(("lint", key), f"unknown key {dotted(('lint', key))}", did_you_mean(key, _TABLES))
    templates = table_at(("lint", "templates"), table.get("templates", {}))
    severity = table_at(("lint", "severity"), table.get("severity", {}))
    for rule, level in severity.items():
        if level not in _SEVERITIES:
            path = ("lint", "severity", rule)
            raise InvalidSettingError(path, f"{dotted(path)} must be a severity", 'use "error", "warning" or "note"')
    return LintSettings(
        disable=_reasons(("lint", "disable"), table.get("disable", {})),
        severity={rule: str(level) for rule, level in severity.items()},
        templates={name: _reasons(("lint", "templates", name), own) for name, own in templates.items()},
    )


def _reasons(path: Path, value: object) -> Mapping[str, str]:
    reasons: dict[str, str] = {}
    for rule, reason in table_at(path, value).items():
        here = (*path, rule)
        if not isinstance(reason, str) or not reason.strip():
            message = f"{dotted(here)} must be the reason for disabling the rule"
            raise InvalidSettingError(here, message, f'use {rule} = "the reason"')
        reasons[rule] = " ".join(reason.split())
    return reasons
