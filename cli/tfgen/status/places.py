"""Which accounts and regions are looked at: those of tfgen.toml, else the one that one is signed in to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from tfgen.status.facts import Place

if TYPE_CHECKING:
    from tfgen.aws.session import Account
    from tfgen_generators.settings.model import Settings


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One account; without `regions` its own region."""

    account: str = ""
    profile: str = ""
    role_arn: str = ""
    regions: tuple[str, ...] = ()


def wanted_places(settings: Settings, regions: Sequence[str]) -> tuple[Wanted, ...]:
    """What `[status]` says; `regions` are a person's, and win."""
    shared = tuple(dict.fromkeys(regions or settings.status.regions))
    if not settings.status.accounts:
        return (Wanted(regions=shared),)
    return tuple(
        Wanted(
            account=name,
            profile=each.profile,
            role_arn=each.role_arn,
            regions=tuple(dict.fromkeys(regions or each.regions)) or shared,
        )
        for name, each in sorted(settings.status.accounts.items())
    )


def open_places(wanted: Wanted) -> Iterator[tuple[Place, Account]]:
    """Each region of one account. Raises UsageError where no region is known, AwsError."""
    from tfgen.aws.accounts import SignedIn

    signed_in = SignedIn(profile=wanted.profile, role_arn=wanted.role_arn, region=next(iter(wanted.regions), ""))
    for region in wanted.regions or (signed_in.region,):
        account = signed_in.in_region(region)
        yield (
            Place(account=wanted.account, account_id=account.id, partition=account.partition, region=region),
            account,
        )
