"""The shapes of the graph: an image is made of units, a unit of files, and every file has a reason.

Paths are relative to the repository's root, with `/`. A unit is what is loaded together (a template with its own
files, a playbook with its tasks, a role as it is entered), so that a role which 1,000 images use is described once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

MissingKind = Literal[
    "missing-playbook",
    "missing-role",
    "missing-role-path",
    "missing-script",
    "missing-file",
    "missing-tasks",
    "broken-yaml",
    "unreadable",
    "role-cycle",
]


class Edge(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One file names another: `path:line` says `label` ("dependencies: common", "script", "import_tasks: web.yml").

    `path` "" means the file that led into the unit. `widened`: the name is computed, and all that it could mean in this
    repository is meant.
    """

    path: str
    label: str
    line: int = 0
    widened: bool = False


class Unit(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is loaded together. `files` maps each path to the edge that leads to it."""

    key: str
    files: Mapping[str, Edge]


class Reached(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A unit that an image reaches: from which unit, by which edge. `by` is None for the template's own unit."""

    unit: str
    by: str | None
    edge: Edge


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an image is made of `path`: `edges` lead from it back to the template (none: its own file), nearest first."""

    path: str
    edges: tuple[Edge, ...] = ()


class MissingReference(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is named and not there, or cannot be read. `name` as written; `templates` are the images that need it."""

    kind: MissingKind
    path: str
    line: int = 0
    name: str = ""
    message: str
    fix: str = ""
    templates: tuple[str, ...] = ()
