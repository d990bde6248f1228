"""What was read of AWS and of the repository for `tfgen status`; rows are made of this alone, without a question more.

All text of AWS is data. What could not be read is an `Unreadable` of its cell, never an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.runs import BuildFacts, RunFacts
from tfgen.status.model import Behind, Drift, Orphan, Unreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One region of one account. `account` is its name in tfgen.toml, "" for the account that one is signed in to."""

    account: str
    account_id: str
    partition: str
    region: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """An image of the repository. `pipeline` is its pipeline's name in AWS, "" where only Terraform knows it.

    `schedule` is the module's input of that name, `branch` what it builds; `push`: what a push is noticed by.
    """

    image: str
    template: str
    pipeline: str
    parents: tuple[str, ...] = ()
    shares_template: bool = False
    schedule: str = ""
    branch: str = ""
    push: Literal["push", "dispatcher"] = "push"


class PipelineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline in one place, by its name in AWS.

    `runs` reach back to the last success, and 20 at least where there are as many. `stages` are GetPipelineState's
    stageStates; `definition` is GetPipeline's answer where it was asked for; `reason` the last failure's.
    None: not read.
    """

    name: str
    exists: bool | None = None
    runs: tuple[RunFacts, ...] | None = None
    stages: tuple[dict[str, Any], ...] | None = None
    definition: dict[str, Any] | None = None
    reason: str = ""
    unreadable: tuple[Unreadable, ...] = ()


class PlaceFacts(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that one place holds; None where it could not be read.

    `listed` are ListPipelines' summaries, `projects` BatchGetProjects' answers by name (of ours, and of listed
    pipelines' names), `rules` ListRules', `builds` BatchGetBuilds' by id: None for an id that CodeBuild does not have.
    """

    place: Place
    expected: tuple[Expected, ...] = ()
    amis: tuple[OwnedImage, ...] | None = None
    listed: tuple[dict[str, Any], ...] | None = None
    pipelines: Mapping[str, PipelineFacts] = {}
    projects: Mapping[str, dict[str, Any]] | None = None
    rules: tuple[dict[str, Any], ...] | None = None
    builds: Mapping[str, BuildFacts | None] | None = {}
    #: Image -> channel -> AMI.
    channels: Mapping[str, Mapping[str, str]] = {}
    unreadable: tuple[Unreadable, ...] = ()

    @cached_property
    def by_project(self) -> Mapping[str, tuple[OwnedImage, ...]]:
        """The AMIs by the project that their tag names, newest first."""
        return _grouped(self.amis or (), lambda ami: ami.build.partition(":")[0])

    @cached_property
    def by_template(self) -> Mapping[str, tuple[OwnedImage, ...]]:
        """The AMIs by their template, newest first."""
        return _grouped(self.amis or (), lambda ami: ami.template)

    @cached_property
    def newest(self) -> datetime:
        """When the newest AMI was made: no other clock is asked here for the age of one."""
        return max((ami.created for ami in self.amis or ()), default=_EPOCH)

    @cached_property
    def rules_by_name(self) -> Mapping[str, Mapping[str, Any]]:
        """EventBridge's rules, as far as they were read."""
        return {str(rule.get("Name", "")): rule for rule in self.rules or ()}

    @cached_property
    def listed_by_name(self) -> Mapping[str, Mapping[str, Any]]:
        """ListPipelines' summaries, as far as they were read."""
        return {str(each.get("name", "")): each for each in self.listed or ()}

    @cached_property
    def expected_by_image(self) -> Mapping[str, Expected]:
        """The images of the repository by name."""
        return {each.image: each for each in self.expected}

    @cached_property
    def projects_of_images(self) -> frozenset[str]:
        """The names of the pipelines that images of the repository have."""
        return frozenset(each.pipeline for each in self.expected if each.pipeline)


def _grouped(amis: tuple[OwnedImage, ...], key: Callable[[OwnedImage], str]) -> dict[str, tuple[OwnedImage, ...]]:
    found: dict[str, list[OwnedImage]] = {}
    for ami in amis:
        found.setdefault(key(ami), []).append(ami)
    return {name: tuple(each) for name, each in found.items()}


class BehindSince(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one image; `superseded_at` is "" unless it is behind."""

    behind: Behind
    superseded_at: str = ""


class Drifts(msgspec.Struct, frozen=True, kw_only=True):
    """What differs in one place, by image, and the rows that have no image here (or no pipeline there)."""

    by_image: Mapping[str, tuple[Drift, ...]] = {}
    orphans: tuple[Orphan, ...] = ()
    #: By image; "" is what concerns the whole place.
    unreadable: Mapping[str, tuple[Unreadable, ...]] = {}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All places; `behind` and `drifts` in the same order: a place's verdicts by image, its differences."""

    now: datetime
    commit: str
    places: tuple[PlaceFacts, ...]
    behind: tuple[Mapping[str, BehindSince], ...] = ()
    drifts: tuple[Drifts, ...] = ()
    #: Places that could not be asked at all.
    unreadable: tuple[Unreadable, ...] = ()
    #: What is odd about this machine: its clock, its work tree.
    notes: tuple[str, ...] = ()
