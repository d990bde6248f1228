"""Which Packer, plugins and Ansible a pipeline installs: what tfgen.toml passes, else what its buildspec sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.settings.secrets import Variable

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.lint.templates.source import Source

Version = tuple[int, ...]
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")
_WRITTEN = re.compile(
    r"^[ \t]+(PACKER_VERSION|PACKER_PLUGINS|ANSIBLE_CORE_VERSION):[ \t]*[\"']?([^\"'#\n]*)", re.MULTILINE
)
_CONSTRAINT = re.compile(r"(=|!=|>|<|>=|<=|~>)?\s*v?(\d+(?:\.\d+)*)")


class Pin(NamedTuple):
    """A variable of the build, its text, and where that is written."""

    text: str
    path: str
    line: int


def pin(scope: Scope, source: Source, name: str) -> Pin | None:
    """The variable that a template's build gets; None where neither tfgen.toml nor its buildspec sets it."""
    settings, template = scope.settings, source.template.name
    own = settings.templates.get(template)
    tables: list[tuple[Mapping[str, Variable], tuple[str, ...]]] = [(settings.environment, ("environment", name))]
    if own:
        tables.insert(0, (own.environment, ("templates", template, "environment", name)))
    for table, path in tables:
        if name in table:
            value = table[name]
            return Pin(value, FILE_NAME, settings.line(*path)) if isinstance(value, str) else None
    found = buildspec_of(scope.tree, settings, source.template)
    return scope.once(("pins", found[0]), lambda: _of_buildspec(scope, found[0])).get(name) if found else None


def _of_buildspec(scope: Scope, path: str) -> dict[str, Pin]:
    """The variables that a buildspec sets, those of this module's interest; the first of each."""
    text = scope.read(path).decode("utf-8", "replace")
    found: dict[str, Pin] = {}
    for written in _WRITTEN.finditer(text):
        found.setdefault(written[1], Pin(written[2].strip(), path, text.count("\n", 0, written.start()) + 1))
    return found


def version_of(text: str) -> Version | None:
    """`1.14.3` as numbers, None for what is no version."""
    found = _VERSION.match(text.strip())
    return tuple(map(int, found[1].split("."))) if found else None


def packer_version(scope: Scope, source: Source) -> Version | None:
    """The Packer that builds a template, None where it is not known."""
    found = pin(scope, source, "PACKER_VERSION")
    return version_of(found.text) if found else None


def takes(constraint: str, version: Version) -> bool | None:
    """Whether a constraint as Packer reads it (`>= 1.9, < 2`) takes a version; None where it names a prerelease."""
    found = [_CONSTRAINT.fullmatch(part.strip()) for part in constraint.split(",")]
    checks = [match for match in found if match is not None]
    if len(checks) != len(found):
        return None
    return all(_meets(match[1] or "=", version_of(match[2]) or (), version) for match in checks)


def _meets(operator: str, limit: Version, version: Version) -> bool:
    width = max(len(limit), len(version), 3)
    asked, own = (each + (0,) * (width - len(each)) for each in (limit, version))
    if operator == "~>":  # one number alone bounds nothing
        kept = len(limit) - 1
        return own >= asked and own[:kept] == asked[:kept] and len(limit) <= max(len(version), 3)
    order = (own > asked) - (own < asked)
    return order in {"=": (0,), "!=": (-1, 1), ">": (1,), "<": (-1,), ">=": (0, 1), "<=": (-1, 0)}[operator]
