"""A commit's files held against those on the disk, without git's opinion of them.

Contents are hashed here as git hashes them: attributes and filters, which a branch can bring along, change nothing.
Only the line ends that a check-out may have turned into CRLF are no difference.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from tfgen.git.repository import records, run_git

_LINK = "120000"
_FILES = ("100644", "100755", "100664")


@dataclass(frozen=True)
class BaseTree:
    """The tree of `commit`. Paths are relative to `top`, the real path of the repository's own root."""

    top: Path
    commit: str

    @cached_property
    def entries(self) -> Mapping[str, tuple[str, str]]:
        """Path -> mode and object."""
        found: dict[str, tuple[str, str]] = {}
        for record in records(run_git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit)):
            facts, _, path = record.partition("\t")
            mode, _, digest = facts.split(" ")
            found[path] = (mode, digest)
        return found

    @cached_property
    def tracked(self) -> frozenset[str]:
        """What git tracks now."""
        return frozenset(records(run_git(self.top, "ls-files", "-z", "--cached")))

    @cached_property
    def ignored(self) -> frozenset[str]:
        """What git ignores and does not track: it cannot have come with a branch."""
        return frozenset(records(run_git(self.top, "ls-files", "-z", "--others", "--ignored", "--exclude-standard")))

    def below(self, folder: str) -> Iterator[str]:
        """The commit's paths in `folder` ("." is everything)."""
        return (path for path in self.entries if is_below(path, folder))

    def is_of_a_commit(self, path: str) -> bool:
        """Whether git tracks `path`, or the commit has it."""
        return path in self.tracked or path in self.entries

    def has(self, path: str) -> bool:
        """Whether what is on the disk at `path` is what the commit has there: a file, or a link by its text."""
        mode, digest = self.entries.get(path, ("", ""))
        try:
            status = os.lstat(self.top / path)
            if S_ISLNK(status.st_mode):
                return mode == _LINK and _hash(os.fsencode(os.readlink(self.top / path)), digest)  # noqa: PTH115
            if not S_ISREG(status.st_mode) or mode not in _FILES:
                return False
            data = (self.top / path).read_bytes()
        except OSError:
            return False
        return _hash(data, digest) or _hash(data.replace(b"\r\n", b"\n"), digest)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of those of `paths` that are files in the commit, by one process."""
        wanted = [path for path in paths if self.entries.get(path, ("",))[0] in _FILES]
        if not wanted:
            return {}
        given = "".join(f"{self.entries[path][1]}\n" for path in wanted).encode()
        output = run_git(self.top, "cat-file", "--batch", given=given)
        found: dict[str, bytes] = {}
        start = 0
        for path in wanted:
            end = output.index(b"\n", start)
            size = int(output[start:end].split(b" ")[2])
            found[path] = output[end + 1 : end + 1 + size]
            start = end + size + 2
        return found


def find_top(root: Path) -> Path:
    """The real path of the root of the repository around `root`. Raises NoAnswerError."""
    answer = os.fsdecode(run_git(root, "rev-parse", "--show-toplevel")).removesuffix("\n")
    return Path(os.path.realpath(answer))


def is_below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or in it; both relative to the same root."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def is_outside(path: str) -> bool:
    """Whether a relative path leads out of what it is relative to."""
    return path == ".." or path.startswith("../")


def inside(top: Path, path: Path) -> str | None:
    """The real path of `path`, relative to `top`; None when it leads out."""
    relative = os.path.relpath(os.path.realpath(path), top)
    return None if is_outside(relative) else relative


def links_to(top: Path, path: str) -> Iterator[str]:
    """The symlinks on the way to `path`, itself included, as they stand in the path."""
    current = ""
    for part in Path(path).parts:
        current = f"{current}/{part}" if current else part
        if (top / current).is_symlink():
            yield current


def files_below(top: Path, folder: str, skipped: Collection[str] = ()) -> Iterator[str]:
    """The files and links in `folder`, at any depth; folders called like one of `skipped` are not looked into."""
    pending = [folder]
    while pending:
        current = pending.pop()
        try:
            with os.scandir(top / current) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = entry.name if current == "." else f"{current}/{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif entry.name not in skipped:
                pending.append(path)


def _hash(data: bytes, digest: str) -> bool:
    kind = hashlib.sha256 if len(digest) == 64 else hashlib.sha1
    return kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == digest
