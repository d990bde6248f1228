"""What is found, and by which names and tags Packer's own things are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

#: Of what is in no region.
EVERYWHERE = "global"
_TIME_AND_REST = r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#: Key pairs and security groups; roles and instance profiles.
TEMPORARY, TEMPORARY_ROLE = re.compile(f"packer_{_TIME_AND_REST}"), re.compile(f"packer-{_TIME_AND_REST}")
#: No Packer is older: a name with a time before it is somebody else's.
_FIRST_PACKER = datetime(2013, 6, 28, tzinfo=UTC)


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is instance, security group, key pair, volume, launch template, instance profile or role.

    `instances` are the leftovers that use it.
    """

    region: str
    kind: str
    id: str
    name: str
    since: datetime
    instances: tuple[str, ...] = ()


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """An old instance that may be Packer's, and why it is left alone."""

    region: str
    id: str
    reason: str


def has_packers_tags(tags: Mapping[str, str]) -> bool:
    return tags.get("BuiltBy") == "Packer" or tags.get("Name") == "Packer Builder"


def tags_of(found: Mapping[str, Any]) -> dict[str, str]:
    pairs: Iterable[Mapping[str, str]] = found.get("Tags") or []
    return {pair["Key"]: pair["Value"] for pair in pairs}


def made(name: str, pattern: re.Pattern[str] = TEMPORARY) -> datetime | None:
    """When Packer made what has this name; None when it is not a name of Packer's."""
    match = pattern.fullmatch(name)
    time = datetime.fromtimestamp(int(match[1], 16), UTC) if match else None
    return time if time and time >= _FIRST_PACKER else None
