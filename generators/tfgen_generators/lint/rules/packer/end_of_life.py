"""A rule about versions whose makers have ended their support, by a table with dates.

Sources: Packer: HashiCorp supports the newest minor version and the two before it, so a version ends with the release
of the third one after it. ansible-core: its page "Releases and maintenance". Systems: their makers' pages, standard
support (Debian: LTS).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.packer.source_filters import filter_tables
from tfgen_generators.lint.templates.source import Source, sources
from tfgen_generators.lint.templates.versions import Pin, Version, pin, version_of

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: The day of the tables: nothing in them ends later, so that no finding comes with the clock.
AS_OF = "2026-11-30"
#: Version -> the end of its support. What is older than the first of a table ended before it.
PACKER: dict[Version, str] = {
    (1, 8): "2024-05-31",
    (1, 9): "2025-01-22",
    (1, 10): "2025-05-30",
    (1, 11): "2025-07-30",
    (1, 12): "2026-02-04",
    (1, 13): "2026-07-24",
}
ANSIBLE_CORE: dict[Version, str] = {
    (2, 11): "2022-11-07",
    (2, 12): "2023-05-22",
    (2, 13): "2023-11-06",
    (2, 14): "2024-05-20",
    (2, 15): "2024-11-30",
    (2, 16): "2025-07-31",
    (2, 17): "2025-11-30",
    (2, 18): "2026-05-31",
    (2, 19): "2026-11-30",
}
#: A pattern of the names of a system's images -> what it is, the end of its support.
SYSTEMS = {
    r"debian-10-|debian-buster": ("Debian 10", "2024-06-30"),
    r"debian-11-|debian-bullseye": ("Debian 11", "2026-08-31"),
    r"ubuntu-(bionic|[\w*-]*18\.04)": ("Ubuntu 18.04", "2023-05-31"),
    r"ubuntu-(focal|[\w*-]*20\.04)": ("Ubuntu 20.04", "2025-05-31"),
    r"amzn-ami-": ("Amazon Linux 1", "2023-12-31"),
    r"amzn2-ami-": ("Amazon Linux 2", "2026-06-30"),
    r"CentOS(-| Linux )7": ("CentOS 7", "2024-06-30"),
    r"CentOS(-| Linux )8": ("CentOS 8", "2021-12-31"),
}
#: Variable of the build -> what it is the version of, the table.
_TABLES = {"PACKER_VERSION": ("Packer", PACKER), "ANSIBLE_CORE_VERSION": ("ansible-core", ANSIBLE_CORE)}


def ended(table: dict[Version, str], version: Version) -> str:
    """When the support of a version ended, "" while it has not; before the oldest of the table: that one's end."""
    oldest = min(table)
    return table.get(version[:2], table[oldest] if version[:2] < oldest else "")


def _ended(scope: Scope) -> Iterator[Finding]:
    seen: set[Pin] = scope.once("pins of ended versions", set)
    for source in sources(scope):
        for name, (what, table) in _TABLES.items() if scope.has_settings else ():
            found = pin(scope, source, name)
            if found is not None and found not in seen and (name == "PACKER_VERSION" or _needs_ansible(source)):
                seen.add(found)
                yield from _of_pin(source, found, what, table)
        yield from _systems(source)


def _needs_ansible(source: Source) -> bool:
    """Whether Ansible runs on the build machine: only then is it installed there."""
    return any(one.kind == "ansible" for one in source.provisioners)


def _of_pin(source: Source, found: Pin, what: str, table: dict[Version, str]) -> Iterator[Finding]:
    version = version_of(found.text)
    if version is not None and (end := ended(table, version)):
        newest = ".".join(map(str, max(table)))
        yield Finding(
            rule="end-of-life",
            path=found.path,
            line=found.line,
            message=f"{what} {found.text} has no support since {end}",
            fix=f"use a version newer than {newest}",
            image=source.template.name,
        )


def _systems(source: Source) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for table in filter_tables(source):
        filters = table.find("filters")
        node = filters.find("name") if filters is not None else None
        text = source.values.text(node.value()) if node is not None else None
        if node is None or text is None or (node.path, node.start) in seen:
            continue
        seen.add((node.path, node.start))
        for pattern, (system, end) in SYSTEMS.items():
            if re.search(pattern, text):
                yield Finding(
                    rule="end-of-life",
                    path=node.path,
                    line=node.line,
                    message=f"the source AMI {text!r} is {system}, which has no support since {end}",
                    fix="start from a newer release",
                    image=source.template.name,
                )
                break


RULES = (
    Rule(
        id="end-of-life",
        severity="warning",
        summary="Packer, ansible-core or the system of the source AMI has no support any more",
        check=_ended,
        by_template=True,
    ),
)
