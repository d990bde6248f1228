"""What differs between the work tree and a commit, or between two commits, as git sees it: paths and what stands there.

git compares: attributes, line ends and file modes are its business. Filters are not used: a branch's attributes choose
which of them runs. Files that Git LFS has put in the place of its pointers are compared here. Nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from tfgen.git.beside import Beside
from tfgen.git.blobs import read_blobs
from tfgen.git.large_files import unchanged_large_files
from tfgen.git.repository import NoAnswerError, filter_names, records, run_git
from tfgen_generators.trees.overlay import Other

_DIFF = ("--raw", "-z", "--no-renames", "--no-abbrev", "--relative")
_ENTRIES = {"120000": "link", "160000": "folder"}
_NONE = "000000"
_SUBMODULE = "160000"
#: Paths on one command line.
_MOST_PATHS = 1000

#: Path (from the folder that was asked about) -> what stands there in the commit, None when nothing does.
Differences = dict[str, Other | None]
#: git's own words: what changed within submodules counts; only which commit they are at; nothing of them.
Ignored = Literal["none", "dirty", "all"]


def differences(
    root: Path, commit: str, paths: Sequence[str] = (), *, ignore_submodules: Ignored = "none"
) -> Differences:
    """Where the work tree below `root` is not as in `commit`: uncommitted, staged and untracked files count.

    `paths` (relative to `root`), if given, are all that is looked at.
    """
    # Both look at every file.
    untracked = Beside(lambda: run_git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", *paths))
    try:
        found = _in_work_tree(root, commit, paths, "all" if ignore_submodules == "all" else "dirty")
        if ignore_submodules == "none":
            found |= _changed_submodules(root, paths, found)
        for path in records(untracked.result()):
            found.setdefault(path.rstrip("/"), None)
    finally:
        untracked.wait()
    return found


def differences_between(root: Path, base: str, head: str) -> Differences:
    """Where `head` is not as `base`; the values are what stands in `base`."""
    found = _differing(root, "--ignore-submodules=none", base, head, "--")
    return {path: other_at(mode, blob) for path, (mode, blob, _) in found}


def is_dirty(root: Path, paths: Sequence[str]) -> bool:
    """Whether something at `paths` (relative to `root`) is not as it was committed; untracked files count, ignored not.

    False where git has no answer: then there is no `head_commit` either. Paths that lead out of `root` are not looked
    at.
    """
    inside = [path for path in paths if not path.startswith(("/", "../"))]
    parts = [inside[at : at + _MOST_PATHS] for at in range(0, len(inside), _MOST_PATHS)]
    try:
        return any(differences(root, "HEAD", part, ignore_submodules="dirty") for part in parts)
    except NoAnswerError:
        return False


def left_out(root: Path) -> Differences:
    """What a sparse check-out leaves out of the work tree: what the index has there."""
    found: Differences = {}
    if (root / ".git").is_dir() and not (root / ".git/info/sparse-checkout").exists():
        return found  # what git would say, sooner
    try:
        sparse = run_git(root, "config", "--type=bool", "--get", "core.sparseCheckout").strip()
    except NoAnswerError:
        return found
    if sparse != b"true":
        return found
    skipped = {record[2:] for record in records(run_git(root, "ls-files", "-t", "-z")) if record.startswith("S ")}
    for record in records(run_git(root, "ls-files", "--stage", "-z")):
        facts, _, path = record.partition("\t")
        mode, blob, _ = facts.split(" ")
        if path in skipped and not os.path.lexists(root / path):
            found[path] = other_at(mode, blob)
    return found


def _in_work_tree(root: Path, commit: str, paths: Sequence[str], ignored: Ignored) -> Differences:
    found: Differences = {}
    unknown: dict[str, str] = {}
    filters = filter_names(root)
    arguments = (f"--ignore-submodules={ignored}", commit, "--", *paths)
    for path, (mode, blob, now) in _differing(root, *arguments, filters=filters):
        found[path] = other_at(mode, blob)
        if mode.startswith("100") and not now.strip("0"):
            unknown[path] = blob
    if unknown and filters:
        for path in unchanged_large_files(root, unknown):
            del found[path]
    return found


def _changed_submodules(root: Path, paths: Sequence[str], known: Differences) -> Differences:
    """Submodules that are not as in the commit that they are at; git itself would look with their settings alone."""
    listed = run_git(root, "ls-files", "--stage", "-z", "--", *paths)
    found: Differences = {}
    for record in records(listed) if _SUBMODULE.encode() in listed else ():
        facts, _, path = record.partition("\t")
        mode, commit, _ = facts.split(" ")
        if mode == _SUBMODULE and path not in known and os.path.lexists(root / path / ".git"):
            try:
                changed = bool(differences(root / path, "HEAD"))
            except NoAnswerError:
                changed = True
            if changed:
                found[path] = other_at(mode, commit)
    return found


def _differing(
    root: Path, *arguments: str, filters: Collection[str] | None = None
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Path -> mode and blob before, and the blob now: zeros where git has not looked, or there is none."""
    fields = iter(records(run_git(root, "diff", *_DIFF, *arguments, filters=filters)))
    for facts in fields:
        old_mode, _, old_blob, new_blob, _ = facts.removeprefix(":").split(" ")
        yield next(fields), (old_mode, old_blob, new_blob)


def other_at(mode: str, blob: str) -> Other | None:
    """What an entry of a tree is, by its mode and its object."""
    return None if mode == _NONE else Other(entry=_ENTRIES.get(mode, "file"), blob=blob)  # type: ignore[arg-type]


class MissingBlobsError(Exception):
    """What a commit has is not in this repository: a partial clone, or a broken one."""


class Blobs:
    """The bytes of blobs; `expect` says which will be asked for, and the first question reads all by one process."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._expected: set[str] = set()
        self._read: dict[str, bytes] = {}

    def expect(self, differing: Mapping[str, Other | None]) -> None:
        """Blobs of `differing` may be asked for."""
        self._expected |= {other.blob for other in differing.values() if other is not None and other.entry != "folder"}

    def read(self, blob: str) -> bytes:
        """The bytes of `blob`. Raises MissingBlobsError where git does not have it."""
        if blob not in self._read:
            self._expected.add(blob)
            self._read |= dict(self._ask(sorted(self._expected - self._read.keys())))
            self._expected.clear()
        if blob not in self._read:
            raise MissingBlobsError("git objects not found")
        return self._read[blob]

    def _ask(self, blobs: list[str]) -> Iterator[tuple[str, bytes]]:
        try:
            yield from read_blobs(self._root, blobs)
        except NoAnswerError as error:
            raise MissingBlobsError(str(error)) from None
