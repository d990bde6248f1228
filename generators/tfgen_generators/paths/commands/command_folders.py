"""The folders that commands run in, as paths from the repository's root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN, WORKING


def seen_from(folders: Iterable[str], inner: Iterable[str]) -> tuple[str, ...]:
    """Each of `inner`, seen from each of `folders`; too many are any."""
    inner = list(inner)
    found = dict.fromkeys(_from_root(joined(folder, one)) for folder in folders for one in inner)
    return tuple(found) if len(found) <= 8 else (UNKNOWN,)


def _from_root(folder: str) -> str:
    return folder.removeprefix(ANCHOR) or "." if folder.startswith(ANCHOR) else folder


def placed(text: str, folder: str) -> str:
    """A text that begins in `folder`, with that for `WORKING`, wherever it goes from there."""
    return text.replace(WORKING, UNKNOWN if UNKNOWN in folder else joined(ANCHOR, folder)) if WORKING in text else text


def given_in(variables: Mapping[str, str], folders: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The variables of a text that begins in one of `folders`."""
    known = len(folders) == 1 and UNKNOWN not in folders[0]
    here = joined(ANCHOR, folders[0]) if known else UNKNOWN
    return tuple(sorted({**variables, "PWD": here}.items()))
