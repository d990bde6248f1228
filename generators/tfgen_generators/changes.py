"""wanted + found -> changes. Pure: nothing here touches a disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tfgen_generators.ownership import examine

Action = Literal["create", "change", "delete"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What must happen to one generated file; paths are relative to the repository root."""

    action: Action
    path: str
    before: str = ""
    after: str = ""

    def diff(self) -> str:
        """A unified diff as git words it."""
        import difflib

        old = "/dev/null" if self.action == "create" else f"a/{self.path}"
        new = "/dev/null" if self.action == "delete" else f"b/{self.path}"
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), old, new
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A file that tfgen will not touch, why, and the way out."""

    path: str
    reason: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The whole difference between what should stand on disk and what does."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Templates that exist but could not be read: their generated files stay as they are."""

    files: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def covers(self, file: str, source: str) -> bool:
        """Whether `file`, generated from `source`, may belong to one of them."""
        if file in self.files or source in self.sources:
            return True
        return any(_inside(source, unread) or _inside(unread, source) for unread in self.sources)


def compare(wanted: Mapping[str, str], found: Mapping[str, str], unknown: Unknown = Unknown()) -> Changes:
    """What sync must do. `found` holds every file at a generated path, ours or not."""
    changes: list[Change] = []
    unchanged: list[str] = []
    kept: list[str] = []
    refused: list[Refusal] = []
    for path in sorted({*wanted, *found}):
        owner = examine(found[path]) if path in found else None
        if path in wanted and owner is None:
            changes.append(Change(action="create", path=path, after=wanted[path]))
        elif owner is None or (path not in wanted and owner.state == "foreign"):
            continue
        elif path not in wanted and unknown.covers(path, owner.source):
            kept.append(path)
        elif owner.state != "ours":
            refused.append(_refusal(path, owner.state))
        elif path not in wanted:
            changes.append(Change(action="delete", path=path, before=found[path]))
        elif found[path].replace("\r\n", "\n") == wanted[path]:
            unchanged.append(path)
        else:
            changes.append(Change(action="change", path=path, before=found[path], after=wanted[path]))
    return Changes(changes=tuple(changes), unchanged=tuple(unchanged), kept=tuple(kept), refused=tuple(refused))


def _refusal(path: str, state: str) -> Refusal:
    if state == "foreign":
        return Refusal(
            path=path,
            reason="was not written by tfgen, and a template wants this name",
            fix="rename that file, or the template",
        )
    return Refusal(
        path=path,
        reason="was edited by hand since tfgen wrote it",
        fix="move the edit to the template or tfgen.toml, delete the file, then run: tfgen sync",
    )


def _inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")
