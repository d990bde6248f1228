"""Repositories as the property test sees them: files in memory, images, and each image's twin that Packer can run."""

from __future__ import annotations

import posixpath
import shutil
from pathlib import Path
from random import Random

import msgspec

#: A file's content, or where a symbolic link points to.
Content = bytes | str


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One image. `template` is what Packer is given; `members` the template's own files; `twin` can really be run.

    `facts` are what the machine says of itself, which no repository can know. `steps` are the provisioners' settings
    with plain paths, which the template writes in other ways; `traits` say in which.
    """

    name: str
    template: str
    members: tuple[str, ...]
    twin: dict[str, bytes]
    facts: dict[str, str]
    steps: tuple[dict[str, list[str]], ...]
    traits: frozenset[str]


class Repository(msgspec.Struct, kw_only=True):
    """Everything that was made for one seed. `features` is what it makes use of, by name."""

    files: dict[str, Content]
    images: list[Image]
    features: set[str]


class Writer:
    """Collects the files of a repository; what is there first stays."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.files: dict[str, Content] = {}
        self.features: set[str] = set()

    def add(self, path: str, text: str) -> str:
        """Writes a file unless there is one; gives its path."""
        self.files.setdefault(posixpath.normpath(path), text.encode())
        return path

    def link(self, path: str, target: str) -> None:
        """A symbolic link at `path` to `target` (a path of the repository)."""
        self.files.setdefault(path, posixpath.relpath(target, posixpath.dirname(path)))

    def use(self, feature: str) -> None:
        self.features.add(feature)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0


def write_all(root: Path, files: dict[str, Content]) -> None:
    """Writes a whole tree into an empty folder."""
    for path, content in files.items():
        write_one(root, path, content)


def write_one(root: Path, path: str, content: Content | None) -> None:
    """Puts `content` at `path`, or nothing (None), whatever was there; folders that become empty go too."""
    place = root / path
    if place.is_symlink() or place.is_file():
        place.unlink()
    if content is None:
        parent = place.parent
        while parent != root and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
        return
    if place.is_dir():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        place.symlink_to(content)
        return
    place.write_bytes(content)
    if path.endswith(".sh"):
        place.chmod(0o755)
