"""What snapshots hold and cost: each counted once, for the first AMI that has it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.snapshots import OwnedSnapshot
from tfgen.prune.model import LeftSnapshot
from tfgen_generators.trees.files import read_text

_PRICES = Path(__file__).with_name("ebs_snapshot_prices.json")
_GB = 1 << 30


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for a GB and month by region, and the day of which they are."""

    of: str
    usd_gb_month: dict[str, float]


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """GB; at most that much where only the volume's size is known. None: nothing is known."""

    gb: float | None = None
    at_most: bool = False
    usd_month: float | None = None


@cache
def prices() -> Prices:
    """The price table that tfgen has."""
    return msgspec.convert(json.loads(read_text(_PRICES)), Prices)


class Sizes:
    """Sizes of AMIs, asked in the order in which snapshots are to be counted; by region and snapshot."""

    def __init__(self, snapshots: Mapping[str, Mapping[str, OwnedSnapshot]]) -> None:
        self._snapshots = snapshots
        self._counted: set[tuple[str, str]] = set()

    def of(self, ami: OwnedImage) -> Size:
        """What its snapshots hold that were not counted before."""
        known = self._snapshots.get(ami.region, {})
        parts = []
        for each in ami.snapshots:
            if (ami.region, each.id) in self._counted:
                continue
            self._counted.add((ami.region, each.id))
            parts.append(known.get(each.id) or OwnedSnapshot(id=each.id, volume_gb=each.volume_gb))
        return size_of(ami.region, parts) if parts or ami.snapshots else Size()


def size_of(region: str, snapshots: Iterable[OwnedSnapshot]) -> Size:
    """What some snapshots hold; what those in the archive cost is not known."""
    gb, usd, at_most = 0.0, 0.0, False
    price = prices().usd_gb_month.get(region)
    for each in snapshots:
        size = each.full_bytes / _GB if each.full_bytes else float(each.volume_gb)
        at_most = at_most or not each.full_bytes
        gb += size
        price = None if each.archived else price
        usd += size * (price or 0)
    return Size(gb=round(gb, 2), at_most=at_most, usd_month=None if price is None else round(usd, 4))


def left_snapshots(
    snapshots: Mapping[str, Mapping[str, OwnedSnapshot]], amis: Iterable[OwnedImage]
) -> tuple[LeftSnapshot, ...]:
    """Snapshots with the tags of our builds that no AMI has, disabled ones among them."""
    held = {(ami.region, each.id) for ami in amis for each in ami.snapshots}
    found = []
    for region, known in snapshots.items():
        for each in known.values():
            template = each.tags.get("Template", "")
            if template and (region, each.id) not in held:
                size = size_of(region, [each])
                left = LeftSnapshot(
                    region=region,
                    id=each.id,
                    template=template,
                    gb=size.gb,
                    gb_at_most=size.at_most,
                    usd_month=size.usd_month,
                )
                found.append(left)
    return tuple(sorted(found, key=lambda one: (one.region, one.id)))
