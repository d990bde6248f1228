"""How each vendored file stands to this release: values only, nothing is merged or written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tfgen.init.updating.released import releases
from tfgen.init.updating.texts import Candidate, Vendored, vendored
from tfgen_generators.settings.model import Settings
from tfgen_generators.settings.requirement import Requirement

State = Literal["current", "old", "edited", "conflict", "new", "missing", "removed", "foreign", "unknown"]
_MARK = re.compile(r"^(?:<{7}|>{7})(?: |$)", re.MULTILINE)


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """`release` is what the file comes from, "" for this tfgen's own; `base` is that text.

    `current`: as this release has it. `old`: as an earlier one. `edited`: neither. `conflict`: has git's marks.
    `new`: this release has it, the one before not. `missing`: somebody took it away. `removed`: this release has it no
    more; then `edited` says whether the file is as it was. `foreign`: a person's own, where a module has one of ours.
    `unknown`: the new text cannot be made.
    """

    item: Vendored
    state: State
    release: str = ""
    base: str = ""
    edited: bool = False

    @property
    def path(self) -> str:
        return self.item.path


def states(root: Path, settings: Settings, install: Requirement | None = None) -> list[FileState]:
    """All files that are ours, in order."""
    items = list(vendored(root, settings, install))
    found: list[FileState] = []
    for folder, files in _by_folder(items).items():
        is_new = _is_new(files)
        near = {item.path: item.nearest(is_new=_is_new(items) if is_new is None else is_new) for item in files}
        release = _release(files, near) if folder else ""
        found += [state for item in files if (state := _state(item, near[item.path], release)) is not None]
    return found


def _by_folder(items: Sequence[Vendored]) -> dict[str, list[Vendored]]:
    """A module's files together; "" for all that stands alone."""
    found: dict[str, list[Vendored]] = {}
    for item in items:
        found.setdefault(item.group, []).append(item)
    return found


def _is_new(items: Sequence[Vendored]) -> bool | None:
    """Whether files are from this release: what those say that nobody has edited; None where they say nothing."""
    telling = [item.exact.version == "" for item in items if _tells(item) and item.exact]
    return 2 * sum(telling) >= len(telling) if telling else None


def _tells(item: Vendored) -> bool:
    """Whether this release's text is another one than all before, of a file that was there before."""
    return bool(item.candidates) and item.text is not None and item.new not in [each.text for each in item.candidates]


def _release(files: Sequence[Vendored], near: Mapping[str, Candidate | None]) -> str:
    """The release that a module comes from: the newest of those that most of its files are of; "" for this one."""
    order = [*releases(), ""]
    votes: Counter[str] = Counter()
    for item in files:
        if item.candidates and (like := near[item.path]):
            votes.update(each.version for each in item.texts if each.text == like.text)
    return max(votes, key=lambda version: (votes[version], order.index(version))) if votes else ""


def _state(item: Vendored, near: Candidate | None, release: str) -> FileState | None:
    if item.text is None:
        return _absent(item, release)
    if near is None:
        return FileState(item=item, state="foreign") if item.group and item.new is not None else None
    edited = item.text != near.text
    return FileState(item=item, state=_word(item, edited=edited), release=near.version, base=near.text, edited=edited)


def _word(item: Vendored, *, edited: bool) -> State:
    if item.text is not None and _MARK.search(item.text):
        return "conflict"
    if item.unknown:
        return "unknown"
    if item.new is None:
        return "removed"
    if item.text == item.new:
        return "current"
    return "edited" if edited else "old"


def _absent(item: Vendored, release: str) -> FileState | None:
    """A file that is not there: new in this release, or taken away by somebody."""
    if item.new is None:
        return None
    had = not release or any(each.version == release for each in item.candidates)
    return FileState(item=item, state="missing" if had else "new", release=release)
