"""Copying an AMI to a region, once however often it is tried: by EC2's client token, and the tags of a new copy."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tfgen.aws.copies.find import COPIED_FROM, read_image, reason_of
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.session import Account

#: Seconds between two looks at copies that are not there yet.
POLL = 15.0
_GOING = ("pending", "")
#: How many looks a copy may be unknown at, just after it was asked for.
_UNKNOWN = 5


def tags_of(source: OwnedImage) -> dict[str, str]:
    """The tags of a copy: those of the AMI, without AWS's own, and what it was copied from."""
    own = {key: value for key, value in source.tags.items() if not key.startswith("aws:") and key != COPIED_FROM}
    return {**own, COPIED_FROM: f"{source.region}/{source.id}"}


def start_copy(account: Account, source: OwnedImage, name: str, key: str) -> str:
    """Asks for a copy in the region of `account`, with the snapshots under `key` if any; gives its id."""
    pairs = [{"Key": key_, "Value": value} for key_, value in sorted(tags_of(source).items())]
    token = hashlib.sha256(f"{source.region}/{source.id} {account.region} {name}".encode()).hexdigest()
    arguments: dict[str, Any] = {"Encrypted": True, "KmsKeyId": key} if key else {}
    answer = account.call(
        *("ec2", "copy_image"),
        SourceImageId=source.id,
        SourceRegion=source.region,
        Name=name,
        Description=f"Copy of {source.id} from {source.region}",
        ClientToken=token,
        TagSpecifications=[{"ResourceType": kind, "Tags": pairs} for kind in ("image", "snapshot")],
        **arguments,
    )
    return str(answer["ImageId"])


def wait_for(
    copies: Mapping[str, str], accounts: Mapping[str, Account], say: Callable[[str], None], timeout: float
) -> tuple[dict[str, OwnedImage], dict[str, str]]:
    """Region -> AMI id, until each is available or failed; gives the AMIs, and why the others are none, by region."""
    done: dict[str, OwnedImage] = {}
    failed: dict[str, str] = {}
    until, looks = time.monotonic() + timeout, 0
    while waiting := [region for region in copies if region not in done and region not in failed]:
        looks += 1
        for region in waiting:
            image = read_image(accounts[region], copies[region])
            if image is not None and image.state == "available":
                done[region] = image
                say(f"{image.id} is available in {region}")
            elif image is None and looks > _UNKNOWN:
                failed[region] = f"{copies[region]} is gone: it was deregistered"
            elif image is not None and image.state not in _GOING:
                failed[region] = f"{image.id} is {image.state}: {reason_of(accounts[region], image.id)}"
            elif time.monotonic() > until:
                failed[region] = f"{copies[region]} is still being copied after {timeout / 60:.0f} minutes"
        if len(done) + len(failed) < len(copies):
            time.sleep(POLL)
    return done, failed


def give_tags(account: Account, image: OwnedImage, source: OwnedImage) -> bool:
    """Gives a copy the tags of its AMI that it lacks; whether any did."""
    wanted = tags_of(source) if image.id != source.id else {}
    if all(image.tags.get(key) == value for key, value in wanted.items()):
        return False
    things = [image.id, *(one.id for one in image.snapshots if one.id)]
    pairs = [{"Key": key, "Value": value} for key, value in sorted(wanted.items())]
    account.call("ec2", "create_tags", Resources=things, Tags=pairs)
    return True


def require_available(account: Account, ami: str) -> OwnedImage:
    """The AMI, if it can be started now. Raises TfgenError."""
    image = read_image(account, ami)
    if image is None:
        raise TfgenError(
            f"{ami} is not in {account.region}: it was deregistered", fix="promote another AMI, or build one"
        )
    if image.state != "available":
        fix = "enable it, or promote another AMI" if image.state == "disabled" else "promote another AMI"
        raise TfgenError(f"{ami} in {account.region} is {image.state}", fix=fix)
    return image
