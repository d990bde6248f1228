"""`[lint]` of tfgen.toml: rules switched off with a reason, their severities, and where they apply."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted
from tfgen_generators.settings.tables import table_at

SEVERITIES = ("error", "warning", "note")
_TABLES = ("disable", "rules", "severity", "templates")
_OFF = "off"
_RULE_KEYS = ("paths", "reason", "severity")


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `severity` "" is the rule's own, "off" switches it off; `reason` says why.

    With `paths` (files, folders, or patterns with `*`) a severity holds there only; without a severity the rule finds
    nothing elsewhere.
    """

    severity: str = ""
    paths: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_off(self) -> bool:
        return self.severity == _OFF


class LintSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`disable` and `templates` map a rule's id to the reason why it is off: everywhere, or for one template by name.

    Whether a rule of that id exists is for lint to say: no other command stops at it.
    """

    disable: Mapping[str, str] = {}
    severity: Mapping[str, str] = {}
    templates: Mapping[str, Mapping[str, str]] = {}
    rules: Mapping[str, RuleSettings] = {}


def read_lint(value: object) -> LintSettings:
    """The table `[lint]`. Raises InvalidSettingError."""
    table = table_at(("lint",), value)
    for key in table:
        if key not in _TABLES:
            raise InvalidSettingError(("lint", key), f"unknown key {dotted(('lint', key))}", did_you_mean(key, _TABLES))
    templates = table_at(("lint", "templates"), table.get("templates", {}))
    severity = table_at(("lint", "severity"), table.get("severity", {}))
    for rule, level in severity.items():
        if level not in SEVERITIES:
            path = ("lint", "severity", rule)
            raise InvalidSettingError(path, f"{dotted(path)} must be a severity", 'use "error", "warning" or "note"')
    return LintSettings(
        disable=_reasons(("lint", "disable"), table.get("disable", {})),
        severity={rule: str(level) for rule, level in severity.items()},
        templates={name: _reasons(("lint", "templates", name), own) for name, own in templates.items()},
        rules={name: _rule(name, own) for name, own in table_at(("lint", "rules"), table.get("rules", {})).items()},
    )


def _rule(name: str, value: object) -> RuleSettings:
    """One table `[lint.rules.NAME]`."""
    path = ("lint", "rules", name)
    table = table_at(path, value)
    for key in table:
        if key not in _RULE_KEYS:
            raise InvalidSettingError(
                (*path, key), f"unknown key {dotted((*path, key))}", did_you_mean(key, _RULE_KEYS)
            )
    severity, paths, reason = table.get("severity", ""), table.get("paths", []), table.get("reason", "")
    if "severity" in table and severity not in (*SEVERITIES, _OFF):
        here = (*path, "severity")
        raise InvalidSettingError(here, f"{dotted(here)} must be a severity", 'use "error", "warning", "note" or "off"')
    if not isinstance(paths, list) or not all(isinstance(one, str) and one.strip() for one in paths):
        here = (*path, "paths")
        raise InvalidSettingError(here, f"{dotted(here)} must be a list of paths", 'use paths = ["packer/legacy"]')
    if not isinstance(reason, str):
        here = (*path, "reason")
        raise InvalidSettingError(here, f"{dotted(here)} must be a text", 'use reason = "..."')
    return RuleSettings(
        severity=str(severity),
        paths=tuple(one.strip().removeprefix("./").rstrip("/") for one in paths),
        reason=" ".join(reason.split()),
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
