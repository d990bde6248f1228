"""What a dispatch is about: the images, the commit, and what became of each image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

#: `blocked`: a parent was not built. `waiting`: a parent is being built, or as many executions as may be are under way,
#: or CodeBuild's queue was full, and nobody waits for that here. `superseded`: a
#: newer execution has overtaken it, and answers for it. `lost`: there is no such pipeline, or it cannot be started.
Status = Literal["succeeded", "failed", "stopped", "superseded", "started", "waiting", "blocked", "lost"]
#: Those after which not all that had to be built is built.
BAD = frozenset({"failed", "stopped", "blocked", "lost"})

#: Images that differ between a commit and the one that is dispatched, each with the reason. Asked once a commit.
AffectedSince = Callable[[str], Mapping[str, str]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one image; `commit` is what its execution builds, "" while that is not known."""

    name: str
    status: Status
    reason: str
    commit: str = ""
    execution: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to dispatch: the images with their pipelines, and for which commit.

    `parents` maps an image to the images that it starts from; `order` are all images, parents before children.
    `children`: an image is built again when its parent was. `retry`: what has failed for this very commit is started
    again. No more than `most` executions are under way at a time (0: any number).
    """

    commit: str
    pipelines: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    children: bool = True
    wait: bool = True
    retry: bool = True
    most: int = 0

    def earlier_parents(self, name: str) -> tuple[str, ...]:
        """The parents that can be built before it: of images in a circle not all can."""
        place = {each: number for number, each in enumerate(self.order)}
        return tuple(each for each in self.parents.get(name, ()) if place.get(each, len(place)) < place[name])
