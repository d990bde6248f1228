"""The tables of `[publish]`, and the names that follow from them."""

from __future__ import annotations

import msgspec

#: What stands behind a channel's parameter in the name of its lock; no channel's name has a dot.
LOCK = ".lock"


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Gate(_Strict, frozen=True, kw_only=True):
    """What an AMI must pass before `tfgen promote` moves a channel to it."""

    pipeline: bool = True
    tags: bool = True
    min_age: str = ""
    approved_by: list[str] = []
    command: list[str] = []


class Publish(_Strict, frozen=True, kw_only=True):
    """Channels in order, and what `tfgen promote` does before it moves one. Without channels there are none."""

    parameter: str = "/images/{image}/{channel}"
    channels: list[str] = []
    regions: list[str] = []
    accounts: list[str] = []
    organization_arns: list[str] = []
    share_snapshots: bool = False
    kms_keys: dict[str, str] = {}
    #: Channel -> image -> ids of launch templates.
    launch_templates: dict[str, dict[str, list[str]]] = {}
    gates: dict[str, Gate] = {}
    after_build: str = ""

    @property
    def is_on(self) -> bool:
        """Whether images have channels."""
        return bool(self.channels)

    @property
    def is_shared(self) -> bool:
        """Whether other accounts use the AMIs."""
        return bool(self.accounts or self.organization_arns)

    def parameter_name(self, image: str, channel: str) -> str:
        """The SSM parameter that is the channel of the image."""
        return self.parameter.replace("{image}", image).replace("{channel}", channel)

    def former(self, channel: str) -> str:
        """The channel before `channel`, "" for the first."""
        at = self.channels.index(channel)
        return self.channels[at - 1] if at else ""
