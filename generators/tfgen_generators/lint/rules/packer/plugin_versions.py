"""Rules about versions that the pipeline's Packer refuses, or does not install.

Source: Packer 1.16, `hcl2template/types.required_plugins.go`; the plugins' change logs: from these releases on their
binaries are only on HashiCorp's release server, where Packer looks from 1.14 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.templates.nodes import Node
from tfgen_generators.lint.templates.source import Source, sources
from tfgen_generators.lint.templates.versions import Version, packer_version, pin, takes, version_of

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: Plugin -> its first release for Packer 1.14 and newer only, and the one before it.
_MOVED: dict[str, tuple[Version, str]] = {
    "github.com/hashicorp/amazon": ((1, 3, 10), "1.3.9"),
    "github.com/hashicorp/ansible": ((1, 1, 4), "1.1.3"),
}
_NEW_PLACE = (1, 14)
#: The first Packer that knows required_plugins.
_REQUIRED = (1, 7)
_LOWER = re.compile(r"\s*(=|~>|>=|>)?\s*(v?\d[\w.+-]*)\s*$")
_PRERELEASE = re.compile(r"[<>=!~]*\s*v?\d+(\.\d+)*-")


def required_plugins(source: Source) -> Iterator[tuple[str, Node]]:
    """Name and node of each plugin that the template requires."""
    for block in source.blocks("packer"):
        for table in block.tables("required_plugins"):
            yield from ((str(name), node) for name, node in (table.kids or {}).items())


def _refused(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope) if scope.has_settings else ():
        packer = packer_version(scope, source)
        for node, message in _demands(source, packer) if packer else ():
            yield Finding(
                rule="packer-version-refused",
                path=node.path,
                line=node.line,
                message=f"{message}, and the pipeline has {'.'.join(map(str, packer or ()))}",
                fix="set PACKER_VERSION to a version that the template takes",
                image=source.template.name,
            )


def _demands(source: Source, packer: Version) -> Iterator[tuple[Node, str]]:
    """What in a template its pipeline's Packer refuses about versions."""
    for root in source.roots if source.legacy else ():
        node = root.find("min_packer_version")
        lowest = version_of(str(node.value())) if node is not None else None
        if node is not None and lowest and packer < lowest:
            yield node, f"the template needs Packer {node.value()} or newer"
    for block in source.blocks("packer"):
        node = block.find("required_version")
        asked = source.values.known(node.value()) if node is not None else None
        if node is not None and isinstance(asked, str) and takes(asked, packer) is False:
            yield node, f"the template takes Packer {asked!r} only"
        if packer < _REQUIRED and (node := block.find("required_plugins")) is not None:
            yield node, "required_plugins needs Packer 1.7 or newer"


def _prerelease(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope):
        for name, node in required_plugins(source):
            version = source.values.known(node.get("version"))
            if isinstance(version, str) and any(_PRERELEASE.match(part.strip()) for part in version.split(",")):
                yield Finding(
                    rule="prerelease-plugin",
                    path=node.path,
                    line=node.near("version").line,
                    message=f"the version {version!r} of the plugin {name} names a prerelease, which Packer refuses",
                    fix="name releases only",
                    image=source.template.name,
                )


def _not_served(scope: Scope) -> Iterator[Finding]:
    for source in sources(scope) if scope.has_settings else ():
        packer = packer_version(scope, source)
        if packer is None or packer >= _NEW_PLACE:
            continue
        shown = ".".join(map(str, packer))
        for path, line, address, version in _asked(scope, source, packer):
            _, last = _MOVED[address]
            yield Finding(
                rule="plugin-not-found",
                path=path,
                line=line,
                message=f"the plugin {address} {version} needs Packer 1.14 or newer, and the pipeline has {shown}",
                fix=f"set PACKER_VERSION to 1.14.0 or newer, or take a version up to {last}",
                image=source.template.name,
            )


def _asked(scope: Scope, source: Source, packer: Version) -> Iterator[tuple[str, int, str, str]]:
    """(path, line, address, version) of each plugin that this Packer would not find."""
    required = list(required_plugins(source))
    for _, node in required:
        address, version = (source.values.known(node.get(key)) for key in ("source", "version"))
        if isinstance(address, str) and isinstance(version, str) and address in _MOVED:
            lowest = _lowest(version)
            if lowest and lowest >= _MOVED[address][0]:
                yield node.path, node.near("version").line, address, version
    found = pin(scope, source, "PACKER_PLUGINS") if not required and packer >= (1, 10) else None
    for plugin in found.text.split() if found else ():
        address, _, version = plugin.partition("@")
        number = version_of(version)
        if found and number and address in _MOVED and number >= _MOVED[address][0]:
            yield found.path, found.line, address, version


def _lowest(constraint: str) -> Version | None:
    """The lowest version that a constraint takes, None where it has no lower limit."""
    bounds = (match for part in constraint.split(",") if (match := _LOWER.match(part)))
    found = ((match[1], version) for match in bounds if (version := version_of(match[2])))
    return max((_next(version) if operator == ">" else version for operator, version in found), default=None)


def _next(version: Version) -> Version:
    """The first release after one."""
    return (*(*version, 0, 0)[:2], (*version, 0, 0)[2] + 1)


RULES = (
    Rule(
        id="packer-version-refused",
        severity="error",
        summary="The template does not take the Packer of its pipeline",
        check=_refused,
        by_template=True,
    ),
    Rule(
        id="plugin-not-found",
        severity="error",
        summary="The pipeline's Packer does not find the version of a plugin",
        check=_not_served,
        by_template=True,
    ),
    Rule(
        id="prerelease-plugin",
        severity="error",
        summary="A required plugin's version names a prerelease, which Packer refuses",
        check=_prerelease,
        by_template=True,
    ),
)
