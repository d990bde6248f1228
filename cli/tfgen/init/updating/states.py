"""How each vendored file stands to this release: values only, nothing is merged or written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

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
        release = _release(files) if folder else ""
        found += [state for item in files if (state := _state(item, release)) is not None]
    return found


def _by_folder(items: Sequence[Vendored]) -> dict[str, list[Vendored]]:
    """A module's files together; "" for all that stands alone."""
    found: dict[str, list[Vendored]] = {}
    for item in items:
        found.setdefault(item.group, []).append(item)
    return found


def _release(files: Sequence[Vendored]) -> str:
    """The release that a module comes from: that of most of its files; "" for this one."""
    votes = Counter(near.version for near in _nearest(files))
    return max(votes, key=lambda version: (votes[version], version == "", version)) if votes else ""


def _nearest(files: Sequence[Vendored]) -> Iterator[Candidate]:
    for item in files:
        near = item.nearest
        if near and len({each.text for each in item.candidates} | {item.new}) > 1:  # else it says nothing
            yield near


def _state(item: Vendored, release: str) -> FileState | None:
    if item.text is None:
        return _absent(item, release)
    near = item.nearest
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
