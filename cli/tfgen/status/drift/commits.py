"""What git knows of the commits that AMIs name: all of them by one process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS = ("commit", "blob", "tree")


class Commits:
    """Commits with a file that each is asked for."""

    def __init__(self, root: Path, asked: Iterable[tuple[str, str]]) -> None:
        pairs = [(commit, path) for commit, path in asked if _COMMIT.fullmatch(commit) and "\n" not in path]
        names = dict.fromkeys(
            name for commit, path in pairs for name in (f"{commit}^{{commit}}", f"{commit}:{path}", f"HEAD:{path}")
        )
        self._objects = _objects(root, [*names])
        self._is_cut_off = bool(names) and _is_shallow(root)

    def has(self, commit: str) -> bool | None:
        """Whether it is in this repository; None where its history is cut off, or git does not answer."""
        if not _COMMIT.fullmatch(commit):
            return False
        if self._objects is None:
            return None
        return True if self._objects.get(f"{commit}^{{commit}}") else None if self._is_cut_off else False

    def is_same(self, commit: str, path: str) -> bool | None:
        """Whether the file is in the commit as it is in HEAD; None where nobody knows."""
        known = self._objects or {}
        there, here = known.get(f"{commit}:{path}"), known.get(f"HEAD:{path}")
        return None if not there or not here else there == here


def _objects(root: Path, names: list[str]) -> dict[str, str] | None:
    """The ids of the objects that are there; None where git does not answer."""
    from tfgen.git.repository import NoAnswerError, run_git

    try:
        answer = run_git(root, "cat-file", "--batch-check", given="\n".join([*names, ""]).encode()) if names else b""
    except NoAnswerError:
        return None
    lines = (line.split(" ") for line in answer.decode("utf-8", "replace").splitlines())
    return {
        name: words[0]
        for name, words in zip(names, lines, strict=False)
        if len(words) == 3 and words[1] in _KINDS and words[2].isdigit()
    }


def _is_shallow(root: Path) -> bool:
    from tfgen.git.repository import NoAnswerError, run_git

    try:
        return run_git(root, "rev-parse", "--is-shallow-repository").strip() != b"false"
    except NoAnswerError:
        return True
