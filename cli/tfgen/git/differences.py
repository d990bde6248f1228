"""What differs between the work tree and a commit, or between two commits, as git sees it: paths and what stands there.

git compares: attributes, line ends, filters and file modes are its business. Nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfgen.git.repository import NoAnswerError, records, run_git
from tfgen_generators.trees.overlay import Other

_DIFF = (
    *("--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color"),
    *("--relative", "--ignore-submodules=none"),
)
_ENTRIES = {"120000": "link", "160000": "folder"}
_NONE = "000000"

#: Path (from the folder that was asked about) -> what stands there in the commit, None when nothing does.
Differences = dict[str, Other | None]


def differences(root: Path, commit: str) -> Differences:
    """Where the work tree below `root` is not as in `commit`: uncommitted, staged and untracked files count."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as beside:  # both look at every file
        untracked = beside.submit(run_git, root, "ls-files", "--others", "--exclude-standard", "-z")
        found = _differences(root, commit)
        for path in records(untracked.result()):
            found.setdefault(path.rstrip("/"), None)
    return found


def differences_between(root: Path, base: str, head: str) -> Differences:
    """Where `head` is not as `base`; the values are what stands in `base`."""
    return _differences(root, base, head)


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
            found[path] = _other(mode, blob)
    return found


def _differences(root: Path, *commits: str) -> Differences:
    found: Differences = {}
    fields = iter(records(run_git(root, "diff", *_DIFF, *commits, "--")))
    for facts in fields:
        old_mode, _, old_blob, *_ = facts.removeprefix(":").split(" ")
        found[next(fields)] = _other(old_mode, old_blob)
    return found


def _other(mode: str, blob: str) -> Other | None:
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
        given = "".join(f"{blob}\n" for blob in blobs).encode()
        try:
            output = run_git(self._root, "cat-file", "--batch", given=given)
        except NoAnswerError as error:
            raise MissingBlobsError(str(error)) from None
        start = 0
        for blob in blobs:
            end = output.index(b"\n", start)
            _, kind, *size = output[start:end].split(b" ")
            start = end + 1
            if size and kind == b"blob":
                yield blob, output[start : start + int(size[0])]
            if size:
                start += int(size[0]) + 1
