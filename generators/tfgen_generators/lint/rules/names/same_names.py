"""A rule about templates whose images cannot be told apart by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.source import sources
from tfgen_generators.lint.templates.values import Values, with_actions
from tfgen_generators.packer.syntax.values import Expression, Value, expressions

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.packer.model import Template

_DEEPEST = 20
#: Anything: what differs between two builds.
_ANY = "*"
_TELLING = re.compile(r"[A-Za-z0-9]{2}")


class _Named(msgspec.Struct, frozen=True, eq=False):
    """One builder's AMI name: its template, where it stands, and the region."""

    template: Template
    path: str
    line: int
    region: str


def _same_names(scope: Scope) -> Iterator[Finding]:
    if not scope.is_gathered:
        _gather(scope)
    for pattern, named in sorted(_by_pattern(scope).items()):
        first = _owner(pattern, named)
        owner = first.template
        seen = {owner.name}
        for one in named:
            template = one.template
            if template.name in seen or (one.region and first.region and one.region != first.region):
                continue
            seen.add(template.name)
            yield Finding(
                rule="same-ami-name",
                path=one.path,
                line=one.line,
                message=f"ami_name {pattern!r} is that of {owner.name} ({first.path}:{first.line}) too: a"
                " filter by name finds the newest image of either",
                fix="put a variable into it that each of its files of values sets"
                if template.path == owner.path
                else f"put the name of the image into it, such as {template.name}-...",
                image=template.name,
            )


def _by_pattern(scope: Scope) -> dict[str, list[_Named]]:
    """Every pattern so far, and the builders that have it."""
    return scope.once("patterns of AMI names", dict[str, list[_Named]])


def _gather(scope: Scope) -> None:
    """Keeps the patterns of the templates that are looked at."""
    found = _by_pattern(scope)
    for source in sources(scope):
        for builder in source.builders:
            node = builder.node.find("ami_name") if builder.makes_ami else None
            if node is None or source.values.flag(builder.node.get("skip_create_ami")):
                continue
            pattern = pattern_of(source.values, node.value())
            if pattern is not None and _TELLING.search(pattern):
                region = source.values.text(builder.node.get("region")) or ""
                named = _Named(source.template, node.path, node.line, region)
                found.setdefault(pattern, []).append(named)


def _owner(pattern: str, named: list[_Named]) -> _Named:
    """The one that the name is most likely meant for: the template whose own name it has, else the first."""
    return max(reversed(named), key=lambda one: len(name) if (name := one.template.name) in pattern else 0)


def pattern_of(values: Values, value: Value, depth: int = 0) -> str | None:
    """A name with `*` for what differs between builds; None where it depends on what somebody may set."""
    found = with_actions(value) if isinstance(value, str) else value
    text = values.text(found)
    if text is not None and "{{" not in text:
        return text
    if not isinstance(found, Expression) or depth > _DEEPEST:
        return None
    if found.op == "template":
        parts = [pattern_of(values, part, depth + 1) for part in found.args]
        return None if None in parts else re.sub(r"\*+", _ANY, "".join(map(str, parts)))
    if found.op == "ref":
        return _of_name(values, [str(name) for name in found.args], depth)
    inner = [one for one in expressions(found) if one is not found and one.op == "ref"]
    depends = [pattern_of(values, one, depth + 1) is None for one in inner if one.args[0] in ("var", "local")]
    return None if any(depends) or found.op != "call" else _ANY


def _of_name(values: Values, names: list[str], depth: int) -> str | None:
    if len(names) != 2 or names[0] not in ("local", "var"):
        return None
    written = values.written(names[0], names[1])
    return None if written in (None, "") else pattern_of(values, written, depth + 1)


RULES = (
    Rule(
        id="same-ami-name",
        severity="warning",
        summary="Two templates name their images alike",
        check=_same_names,
        gather=_gather,
    ),
)
