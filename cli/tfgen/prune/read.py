"""AWS asked region by region: AMIs, who uses them, their snapshots; what cannot be asked keeps a region's AMIs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tfgen.aws.accounts import SignedIn, own_region
from tfgen.aws.failures import AwsError
from tfgen.aws.images.list import owned_images
from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.snapshots import OwnedSnapshot, owned_snapshots
from tfgen.aws.pipelines.runs import BAD, BuildFacts, builds_of, newest_ended
from tfgen.aws.session import Account
from tfgen.aws.usage.ask import ODD, THREADS, RegionAsker, ask, failure_of
from tfgen.aws.usage.model import Failure, Stay, Use
from tfgen.aws.usage.permissions import shared_with
from tfgen.aws.usage.references import references, reported
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from contextlib import ExitStack

_NO_PIPELINE = "PipelineNotFoundException"
_Asker = TypeVar("_Asker", bound=RegionAsker)
_SECOND = timedelta(seconds=1)


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """What one region answered. `snapshots` are by id."""

    amis: tuple[OwnedImage, ...] = ()
    snapshots: dict[str, OwnedSnapshot] = {}
    uses: tuple[Use, ...] = ()
    stays: tuple[Stay, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


class More(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of those alone that would go: uses, AMIs that are gone, what could not be asked."""

    uses: tuple[Use, ...] = ()
    gone: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


def open_regions(
    names: Sequence[str],
    previous: int,
    stack: ExitStack,
    made: Callable[[Account, int], _Asker],
) -> tuple[list[_Asker], list[Failure]]:
    """An asker for each region, "" for the user's own. Raises AwsError where none can be asked, UsageError."""
    askers: dict[str, _Asker] = {}
    failures: list[Failure] = []
    errors: list[AwsError] = []
    for name in dict.fromkeys(names):
        try:
            account = _account(name)
            if account.region not in askers:
                askers[account.region] = made(account, previous)
                stack.enter_context(askers[account.region])
        except AwsError as error:
            errors.append(error)
            failures.append(failure_of(name, "account", error))
    if errors and not askers:
        raise errors[0]
    return list(askers.values()), failures


def _account(region: str) -> Account:
    """The account in use, "" for its own region; each region is asked who it is, and for its time."""
    signed_in = SignedIn(region=region, threads=THREADS)
    return signed_in.in_region(signed_in.region)


def home(askers: Sequence[RegionAsker], stack: ExitStack) -> list[RegionAsker]:
    """`askers`, and the user's own region, where pipelines may be whose AMIs are copied to the others."""
    try:
        if own_region() in [asker.region for asker in askers]:
            return list(askers)
        account = _account("")
    except (AwsError, UsageError):
        return list(askers)
    return [*askers, stack.enter_context(RegionAsker(account, 0))]


def read_region(asker: RegionAsker, skipped: Collection[str]) -> Region:
    """All of one region. Never raises for what AWS refuses."""
    notes: list[str] = []
    try:
        amis = tuple(owned_images(asker.account))
    except ODD as error:
        return Region(failures=(failure_of(asker.region, "images", error),))
    snapshots: dict[str, OwnedSnapshot] = {}
    try:
        snapshots = {each.id: each for each in owned_snapshots(asker.account)}
    except ODD as error:
        notes.append(f"sizes in {asker.region} are those of the volumes: {error}")
    asked = ask(asker, skipped)
    return Region(
        amis=amis,
        snapshots=snapshots,
        uses=asked.uses,
        stays=asked.stays,
        failures=asked.failures,
        notes=tuple(notes),
    )


def ask_more(asker: RegionAsker, amis: Sequence[str]) -> More:
    """With whom `amis` are shared, and what EC2 itself knows of their users."""
    if not amis:
        return More()
    uses: list[Use] = []
    gone: list[str] = []
    failures: list[Failure] = []
    notes: list[str] = []
    try:
        for each in shared_with(asker, amis):
            if isinstance(each, Use):
                uses.append(each)
            else:
                gone.append(each)
    except ODD as error:
        failures.append(failure_of(asker.region, "launch-permissions", error))
    there = [ami for ami in amis if ami not in gone]
    for function in (references, reported):
        try:
            uses += function(asker, there)
        except ODD as error:
            notes.append(f"not asked in {asker.region}: {function.__name__}: {error}")
    return More(uses=tuple(uses), gone=tuple(gone), failures=tuple(failures), notes=tuple(notes))


def failed_executions(
    askers: Iterable[RegionAsker], pipelines: dict[str, str], regions: Iterable[str]
) -> tuple[dict[str, str], list[Failure]]:
    """Image -> the newest execution at its end, where that failed; `pipelines` are pipeline -> image.

    What cannot be asked in one region keeps the AMIs of all: an image's copies are elsewhere than its pipeline.
    """
    failed: dict[str, str] = {}
    failures: list[Failure] = []
    for asker in askers:
        try:
            for pipeline, execution in asker.each(lambda name: (name, _failed(asker, name)), pipelines):  # noqa: B023
                if execution:
                    failed[pipelines[pipeline]] = execution
        except ODD as error:
            said = failure_of(asker.region, "pipelines", error)
            failures += [Failure(region=region, source="pipelines", error=said.error) for region in regions]
    return failed, failures


def build_records(
    askers: Iterable[RegionAsker], ids: Iterable[str], regions: Iterable[str]
) -> tuple[dict[str, BuildFacts | None], list[Failure]]:
    """CodeBuild's records of builds by id, wherever their pipeline is; None for one that no region has.

    A region that cannot be asked keeps the AMIs of all where a build was not found elsewhere.
    """
    found: dict[str, BuildFacts | None] = {}
    errors: list[Failure] = []
    left = list(ids)
    for asker in askers:
        if not left:
            break
        try:
            found |= {id_: build for id_, build in builds_of(asker.account, left).items() if build}
        except ODD as error:
            errors.append(failure_of(asker.region, "builds", error))
        left = [id_ for id_ in left if id_ not in found]
    if not errors:
        return found | dict.fromkeys(left), []
    if not left:
        return found, []
    return found, [Failure(region=region, source="builds", error=each.error) for each in errors for region in regions]


def _failed(asker: RegionAsker, pipeline: str) -> str:
    try:
        newest = newest_ended(asker.account, pipeline)
    except AwsError as error:
        if error.code == _NO_PIPELINE:
            return ""
        raise
    return (newest.id or pipeline) if newest and newest.status in BAD else ""


def time_now(askers: Iterable[RegionAsker]) -> datetime:
    """The earliest of this machine's clock and those of AWS: an AMI must not look older than it is."""
    times = [datetime.now(UTC)]
    for asker in askers:
        answer = asker.account.identity
        said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            time = parsedate_to_datetime(said)
        except (TypeError, ValueError):
            continue
        if time.tzinfo:
            times.append(time + _SECOND)  # the header has whole seconds
    return min(times)
