"""A commit's files, and which of those on the disk are the same, without git's opinion of them.

Contents are read raw, and hashed here as git hashes them: attributes and filters, which a branch can bring along,
change nothing. Only the line ends that a check-out may have turned into CRLF are no difference.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from tfgen.git.repository import NoAnswerError, records, run_git

LINK, SUBMODULE = "120000", "160000"
FILES = ("100644", "100755", "100664")
#: Objects that are read by one process.
_MOST_OBJECTS = 200


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
    def index(self) -> Mapping[str, tuple[str, str]]:
        """What git tracks now: path -> mode and object."""
        output = run_git(self.top, "ls-files", "-z", "--cached", "--stage")
        found: dict[str, tuple[str, str]] = {}
        for record in records(output):
            facts, _, path = record.partition("\t")
            mode, digest, _ = facts.split(" ")
            found[path] = (mode, digest)
        return found

    @cached_property
    def tracked(self) -> frozenset[str]:
        """What git tracks now."""
        return frozenset(self.index)

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(folded(path) for path in (*self.index, *self.entries))

    def below(self, folder: str) -> Iterator[str]:
        """The commit's paths in `folder` ("." is everything)."""
        return (path for path in self.entries if is_below(path, folder))

    def is_of_a_commit(self, path: str) -> bool:
        """Whether git tracks `path`, or the commit has it; what lies in a submodule or behind a link is that one's.

        Names that a file system may take for the same are the same.
        """
        parts = folded(path).split("/")
        return any("/".join(parts[:number]) in self._folded for number in range(1, len(parts) + 1))

    def has_part_in(self, folder: str) -> bool:
        """Whether something in `folder`, or the folder itself, may have come with a commit."""
        return self.is_of_a_commit(folder) or any(is_below(path, folded(folder)) for path in self._folded)

    def is_made_here(self, path: str) -> bool:
        """Whether what stands at `path`, or would, cannot have come with a commit: no link leads to it either."""
        return not (is_outside(path) or self.is_of_a_commit(path) or any(links_to(self.top, path)))

    def has(self, path: str) -> bool:
        """Whether what is on the disk at `path` is what the commit has there: a file, or a link by its text."""
        mode, digest = self.entries.get(path, ("", ""))
        try:
            status = os.lstat(self.top / path)
            if S_ISLNK(status.st_mode):
                return mode == LINK and _hash(os.fsencode(os.readlink(self.top / path)), digest)  # noqa: PTH115
            if not S_ISREG(status.st_mode) or mode not in FILES:
                return False
            data = (self.top / path).read_bytes()
        except OSError:
            return False
        return _hash(data, digest) or _hash(data.replace(b"\r\n", b"\n"), digest)

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of those of `paths` that are files in the commit."""
        wanted = [path for path in paths if self.entries.get(path, ("",))[0] in FILES]
        return dict(self.objects(wanted))

    def objects(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of `paths`, files or the texts of links, one after the other."""
        for at in range(0, len(paths), _MOST_OBJECTS):
            yield from self._objects(paths[at : at + _MOST_OBJECTS])

    def _objects(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        given = "".join(f"{self.entries[path][1]}\n" for path in paths).encode()
        output = run_git(self.top, "cat-file", "--batch", given=given)
        start = 0
        for path in paths:
            end = output.index(b"\n", start)
            _, kind, *size = output[start:end].split(b" ")
            if kind != b"blob" or not size:
                raise NoAnswerError(f"the content of {path} is not here")
            yield path, output[end + 1 : end + 1 + int(size[0])]
            start = end + int(size[0]) + 2


def folded(path: str) -> str:
    """What names have in common that a file system may take for the same: letters' case, accents, invisible signs."""
    if path.isascii():
        return path.casefold()
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", path).casefold())
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")


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


def files_below(top: Path, folder: str, skipped: Collection[str] = (), *, deep: bool = True) -> Iterator[str]:
    """The files and links in `folder`, at any depth if `deep`; folders called like one of `skipped` are passed over."""
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
            elif deep and entry.name not in skipped:
                pending.append(path)


def _hash(data: bytes, digest: str) -> bool:
    kind = hashlib.sha256 if len(digest) == 64 else hashlib.sha1
    return kind(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == digest
