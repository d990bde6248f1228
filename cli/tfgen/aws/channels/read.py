"""What channels say: their AMIs now, and the versions before. All text is AWS's: data, not ours.

Source: SSM's API reference (GetParameters, GetParameterHistory), "native parameter support for AMI ids" in its guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen.aws.failures import AwsError

if TYPE_CHECKING:
    from tfgen.aws.session import Account
    from tfgen_generators.settings.publish.tables import Publish

IMAGE = "aws:ec2:image"
#: GetParameters takes no more names.
_AT_A_TIME = 10
_EPOCH = datetime.fromtimestamp(0, UTC)


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """A channel in one region: a parameter's current version."""

    name: str
    value: str
    version: int
    type: str = "String"
    data_type: str = IMAGE

    @property
    def is_channel(self) -> bool:
        """Whether it is one that `resolve:ssm` takes for an AMI."""
        return self.type == "String" and self.data_type == IMAGE


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a channel."""

    number: int
    value: str
    at: datetime
    by: str = ""
    labels: tuple[str, ...] = ()
    description: str = ""


def read_channels(account: Account, names: Iterable[str]) -> dict[str, Pointer]:
    """The parameters of `names` that there are: ten a call. Raises AwsError."""
    found: dict[str, Pointer] = {}
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), _AT_A_TIME):
        answer = account.call("ssm", "get_parameters", Names=wanted[start : start + _AT_A_TIME])
        for one in answer.get("Parameters", []):
            found[str(one["Name"])] = _pointer(one)
    return found


def channels_of(account: Account, publish: Publish, images: Iterable[str]) -> dict[str, dict[str, str]]:
    """Image -> channel -> AMI, in the region of `account`; only channels that are there. Raises AwsError."""
    places = {publish.parameter_name(image, name): (image, name) for image in images for name in publish.channels}
    found = read_channels(account, places)
    channels: dict[str, dict[str, str]] = {}
    for name, (image, channel) in places.items():
        if name in found and found[name].is_channel:
            channels.setdefault(image, {})[channel] = found[name].value
    return channels


def read_channel(account: Account, name: str, version: int = 0) -> Pointer | None:
    """One parameter, or one version of it; None where there is none. Raises AwsError."""
    try:
        answer = account.call("ssm", "get_parameter", Name=f"{name}:{version}" if version else name)
    except AwsError as error:
        if error.code in ("ParameterNotFound", "ParameterVersionNotFound"):
            return None
        raise
    return _pointer(answer["Parameter"])


def history(account: Account, name: str) -> tuple[Version, ...]:
    """All versions that SSM keeps (100, and labelled ones), oldest first; none without the parameter."""
    try:
        found = list(account.pages("ssm", "get_parameter_history", "Parameters", Name=name))
    except AwsError as error:
        if error.code == "ParameterNotFound":
            return ()
        raise
    return tuple(sorted(map(_version, found), key=lambda one: one.number))


def targets(versions: Iterable[Version], previous: int) -> list[str]:
    """The AMI of a channel now, and the `previous` different ones before it, newest first."""
    amis = dict.fromkeys(one.value for one in sorted(versions, key=lambda one: -one.number))
    return list(amis)[: previous + 1]


def since(versions: Iterable[Version], ami: str) -> tuple[datetime, datetime | None] | None:
    """When the channel was last given `ami`, and when another one took its place; None where it never had it."""
    newest = sorted(versions, key=lambda one: -one.number)
    later = list(takewhile(lambda one: one.value != ami, newest))
    own = list(takewhile(lambda one: one.value == ami, newest[len(later) :]))
    return (own[-1].at, later[-1].at if later else None) if own else None


def time_there(account: Account) -> datetime:
    """What AWS's own clock says: this machine's may be wrong."""
    answer = account.call("sts", "get_caller_identity")
    return time_of(answer)


def time_of(answer: Mapping[str, Any]) -> datetime:
    """When AWS answered."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _pointer(one: Mapping[str, Any]) -> Pointer:
    return Pointer(
        name=str(one["Name"]),
        value=str(one.get("Value", "")),
        version=int(one.get("Version", 0)),
        type=str(one.get("Type", "")),
        data_type=str(one.get("DataType", "text")),
    )


def _version(one: Mapping[str, Any]) -> Version:
    at = one.get("LastModifiedDate")
    return Version(
        number=int(one.get("Version", 0)),
        value=str(one.get("Value", "")),
        at=at.astimezone(UTC) if isinstance(at, datetime) else _EPOCH,
        by=str(one.get("LastModifiedUser", "")),
        labels=tuple(one.get("Labels", ())),
        description=str(one.get("Description", "") or ""),
    )
