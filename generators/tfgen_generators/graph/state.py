"""A graph as it is kept between runs, with all that it was made from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable

import msgspec

from tfgen_generators.graph.graph import Graph, ImageNode
from tfgen_generators.paths.buildspec import Buildspec
from tfgen_generators.paths.model import MissingReference, Unit

FolderStamp = tuple[int, int, int]


class KeptImage(msgspec.Struct, frozen=True, array_like=True):
    """One image. `key` changes with its template and its settings but for [environment]."""

    key: str
    node: ImageNode
    #: The environment variables that it reads, and what those were that decided something.
    reads: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    #: Whether a line of tfgen.toml stands in it.
    has_lines: bool = False
    #: Path -> digest of the templates that it builds on its way, "" where there is none.
    nested: dict[str, str] = {}


class MadeFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What a tree was asked for a graph.

    `asked` are real paths and what stood there, `listed` folders and a digest of their names, `consulted` files that
    were read as they are, `facts` those that were read for their facts, as which kinds; both with their digests.
    """

    asked: dict[str, str] = {}
    listed: dict[str, str] = {}
    consulted: dict[str, str] = {}
    facts: dict[str, tuple[str, list[str]]] = {}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One graph. `text` is that of tfgen.toml, `folders` are the stamps of all folders that were looked into.

    `terraform` changes with what Terraform reads.
    """

    text: str
    images: dict[str, KeptImage]
    units: dict[str, Unit]
    aliases: dict[str, dict[str, str]]
    missing_references: list[MissingReference]
    buildspecs: dict[str, tuple[str, Buildspec]]
    terraform: str
    made_from: MadeFrom
    folders: dict[str, FolderStamp] = {}
    #: When the look at the disk began, by time.time_ns().
    started: int = 0

    def graph(self) -> Graph:
        """The graph; of unused roles nothing is kept."""
        return Graph(
            [kept.node for kept in self.images.values()], self.units, self.missing_references, (), self.aliases
        )

    def part(self, identities: Collection[str]) -> State:
        """The same with some of its images alone."""
        images = {identity: self.images[identity] for identity in identities if identity in self.images}
        used = {reached.unit for kept in images.values() for reached in kept.node.reached}
        return msgspec.structs.replace(
            self,
            images=images,
            units={key: self.units[key] for key in used if key in self.units},
            aliases={key: self.aliases[key] for key in used if key in self.aliases},
            missing_references=[],
        )

    @property
    def held(self) -> frozenset[str]:
        """All files of all units."""
        return frozenset(path for unit in self.units.values() for path in unit.files)


def stamp_of(root: str, folder: str) -> FolderStamp | None:
    """What changes with the names in a folder; None when it is none."""
    try:
        status = os.stat(f"{root}/{folder}")  # noqa: PTH116 a thousand times
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def digest_of(names: Iterable[str]) -> str:
    """A short text that changes with the names."""
    return hashlib.sha256("\0".join(sorted(names)).encode("utf-8", "surrogateescape")).hexdigest()[:16]
