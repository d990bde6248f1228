"""What a comparison of two commits says: its two points, the images that it affects, and why."""

from __future__ import annotations

import msgspec

from tfgen_generators.paths.model import Edge, MissingReference

WORK_TREE = "work tree"


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the comparison; `commit` is None for the work tree."""

    commit: str | None
    name: str


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """A path that differs (`line` and `message` for a key of tfgen.toml), and the way from there to the template."""

    path: str
    line: int = 0
    message: str = ""
    via: tuple[Edge, ...] = ()


class AffectedImage(msgspec.Struct, frozen=True, kw_only=True):
    """`parent` names the image that it is affected through, where it is through that one only."""

    name: str
    template: str
    parent: str = ""
    reasons: tuple[Why, ...] = ()


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """What docs/affected.schema.json describes; `gone` are images of the base."""

    base: Point
    head: Point
    everything: str = ""
    changed: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    images: tuple[AffectedImage, ...] = ()
    gone: tuple[str, ...] = ()
    missing_references: tuple[MissingReference, ...] = ()
    warnings: tuple[str, ...] = ()
