"""What `tfgen promote` and `tfgen rollback` print as JSON; tables are made of this alone. Texts are AWS's: data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from tfgen.aws.channels.running import Running

if TYPE_CHECKING:
    from pathlib import Path

    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.session import Account
    from tfgen_generators.settings.publish.tables import Publish

Say = Callable[[str], None]
Copied = Literal["source", "found", "made", "would-make"]


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """One gate; `reason` is why it is closed, or what it saw."""

    gate: Literal["pipeline", "tags", "min_age", "approved_by", "command"]
    passed: bool
    reason: str = ""


class RegionResult(msgspec.Struct, frozen=True, kw_only=True):
    """The channel in one region. `before` is null where it was not there; `version` null where nothing was written.

    `copy`: "source" is the AMI itself, "found" a copy that was there, "made" one of this run; with --dry-run
    "would-make", and `ami` is "".
    """

    region: str
    ami: str
    before: str | None = None
    version: int | None = None
    action: Literal["moved", "unchanged", "would-move"]
    copy: Copied


class TemplateResult(msgspec.Struct, frozen=True, kw_only=True):
    """A launch template: a new default version, or why not."""

    id: str
    region: str
    name: str = ""
    action: Literal["new-version", "unchanged", "follows", "owned", "would-change"]
    version: int | None = None
    reason: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document. `ami` is the one in the first region; `source` the channel or the version that it is from."""

    image: str
    channel: str
    action: Literal["promote", "rollback"]
    ami: str
    source: str = ""
    dry_run: bool = False
    gates: tuple[GateResult, ...] = ()
    regions: tuple[RegionResult, ...] = ()
    launch_templates: tuple[TemplateResult, ...] = ()
    running: tuple[Running, ...] = ()


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One move: `accounts` by region, that of the source first; `owner_of` says which file has a launch template."""

    image: str
    channel: str
    source: OwnedImage
    publish: Publish
    accounts: Mapping[str, Account]
    description: str
    owner_of: Callable[[str, str], str]
    timeout: float = 3600.0

    @property
    def home(self) -> Account:
        return self.accounts[self.source.region]

    @property
    def parameter(self) -> str:
        return self.publish.parameter_name(self.image, self.channel)

    @property
    def launch_templates(self) -> list[str]:
        """The ids of those that follow the channel."""
        return self.publish.launch_templates.get(self.channel, {}).get(self.image, [])


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked for."""

    root: Path
    image: str
    project: str
    channel: str
    publish: Publish
    accounts: Mapping[str, Account]
    template: str = ""
    ami: str = ""
    former: str = ""
    version: str = ""
    dry_run: bool = False
    timeout: float = 3600.0

    @property
    def home(self) -> Account:
        """Where the pipelines build: the first region."""
        return next(iter(self.accounts.values()))
