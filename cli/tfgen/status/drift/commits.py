"""What git knows of the commits that AMIs name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def has_commit(root: Path) -> Callable[[str], bool | None]:
    """Whether a commit is in this repository; None where its history is cut off, or there is none."""

    def asked(commit: str) -> bool | None:
        if not _COMMIT.fullmatch(commit):
            return False
        found = _object(root, f"{commit}^{{commit}}")
        if found is None:
            return None
        return True if found else None if _is_shallow(root) else False

    return asked


def is_same_there(root: Path) -> Callable[[str, str], bool | None]:
    """Whether a file is in a commit as it is in HEAD; None where nobody knows."""

    def asked(commit: str, path: str) -> bool | None:
        if not _COMMIT.fullmatch(commit):
            return None
        there, here = _object(root, f"{commit}:{path}"), _object(root, f"HEAD:{path}")
        return None if not there or not here else there == here

    return asked


def _is_shallow(root: Path) -> bool:
    from tfgen.git.repository import NoAnswerError, run_git

    try:
        return run_git(root, "rev-parse", "--is-shallow-repository").strip() != b"false"
    except NoAnswerError:
        return True


def _object(root: Path, name: str) -> str | None:
    """The id of an object, "" where there is none; None where git does not answer."""
    from tfgen.git.repository import NoAnswerError, run_git

    if "\n" in name:
        return ""
    try:
        answer = run_git(root, "cat-file", "--batch-check", given=f"{name}\n".encode())
    except NoAnswerError:
        return None
    words = answer.decode("utf-8", "replace").split()
    return words[0] if len(words) == 3 and words[1] in ("commit", "blob", "tree") else ""
