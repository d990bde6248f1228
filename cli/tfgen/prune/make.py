"""`tfgen prune`: settings and AWS in, the plan out. Changes nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec

from tfgen.aws.images.snapshots import OwnedSnapshot
from tfgen.prune.decide import Decision, decide
from tfgen.prune.facts import Candidate, Facts
from tfgen.prune.images import ImageNames, candidates, project_of
from tfgen.prune.model import ACTIONS, Plan, PlannedAmi, UnreadableSource
from tfgen.prune.sizes import Size, Sizes, left_snapshots, prices
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.aws.usage.ask import RegionAsker
    from tfgen.aws.usage.model import Failure, Use
    from tfgen.prune.read import Region
    from tfgen.workspace import Workspace
    from tfgen_generators.settings.lifecycle.retention import Retention
    from tfgen_generators.settings.model import Settings

_WRITE = 'write for example: [retention] keep_last = 5, keep = { main = "30d" }, deregister = "90d" (docs/prune.md)'


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; without regions the settings' or the user's own."""

    regions: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    #: Region and id; where they are given, all others stay.
    amis: frozenset[tuple[str, str]] = frozenset()


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The plan and what it was decided from; `snapshots` are by region and id."""

    plan: Plan
    facts: Facts
    decisions: tuple[Decision, ...]
    snapshots: dict[str, dict[str, OwnedSnapshot]]


def make_plan(workspace: Workspace, request: Request) -> Plan:
    """The plan for all AMIs of the account in the regions. Raises UsageError without [retention], TfgenError."""
    from tfgen.aws.usage.ask import RegionAsker
    from tfgen.prune.read import open_regions

    retention = required(workspace)
    with ExitStack() as stack:
        names = request.regions or _regions(workspace.settings)
        askers, closed = open_regions(names, retention.previous, stack, RegionAsker)
        return survey(workspace, request, askers, closed, stack).plan


def required(workspace: Workspace) -> Retention:
    """`[retention]`. Raises UsageError without."""
    retention = workspace.settings.retention
    if retention is None:
        raise UsageError("no [retention] in tfgen.toml, so nothing is planned", where="tfgen.toml", fix=_WRITE)
    return retention


def survey(
    workspace: Workspace,
    request: Request,
    askers: Sequence[RegionAsker],
    closed: Sequence[Failure],
    stack: ExitStack,
) -> Survey:
    """Everything asked once, and what becomes of each AMI; `closed` are regions that cannot be asked."""
    from tfgen.prune.read import home, read_region, time_now

    retention = required(workspace)
    names = ImageNames(workspace, askers[0].account.id)
    _check_images(request.images, names)
    regions = {asker.region: read_region(asker, retention.skip_sources) for asker in askers}
    found = tuple(ami for region in regions.values() for ami in region.amis)
    written, unread = _written(workspace, regions)
    facts = Facts(
        now=time_now(askers),
        candidates=_only(candidates(found, names, request.patterns, request.images), request.amis),
        uses=(*(use for region in regions.values() for use in region.uses), *written),
        stays=tuple(stay for region in regions.values() for stay in region.stays),
        failures=(*(each for region in regions.values() for each in region.failures), *closed, *unread),
        regions=frozenset(name for name, region in regions.items() if not _is_unseen(region)),
        branch=workspace.settings.branch,
        channels=_channels(workspace.settings, regions.values()),
    )
    facts, notes = _completed(facts, retention, askers, lambda: home(askers, stack), names)
    notes = [*(note for region in regions.values() for note in region.notes), *notes]
    decisions = decide(facts, retention)
    plan = msgspec.structs.replace(
        _plan(decisions, facts, regions, notes),
        accounts={asker.region: asker.account.id for asker in askers},
        patterns=request.patterns,
        skipped_sources=tuple(retention.skip_sources),
    )
    snapshots = {name: region.snapshots for name, region in regions.items()}
    return Survey(plan=plan, facts=facts, decisions=decisions, snapshots=snapshots)


def _only(found: tuple[Candidate, ...], amis: Collection[tuple[str, str]]) -> tuple[Candidate, ...]:
    if not amis:
        return found
    return tuple(each if each.key in amis else msgspec.structs.replace(each, in_scope=False) for each in found)


def _regions(settings: Settings) -> tuple[str, ...]:
    """Where AMIs are by the settings; "" for the user's own region."""
    return tuple(dict.fromkeys((*settings.status.regions, *settings.publish.regions))) or ("",)


def _channels(settings: Settings, regions: Iterable[Region]) -> dict[str, str]:
    """Parameter -> channel, by the pattern in [publish]; of others the last part of their name counts."""
    pattern = re.escape(settings.publish.parameter).replace(r"\{image\}", ".+")
    channels = "|".join(map(re.escape, settings.publish.channels)) or "(?!)"
    expression = re.compile(pattern.replace(r"\{channel\}", f"({channels})"))
    names = {stay.parameter for region in regions for stay in region.stays}
    return {name: match[1] for name in names if (match := expression.fullmatch(name))}


def _is_unseen(region: Region) -> bool:
    return any(each.source == "images" for each in region.failures)


def _check_images(images: Sequence[str], names: ImageNames) -> None:
    """An image that is gone from the repository is named by its template's path, as the plan shows it."""
    from tfgen_generators.nearest import did_you_mean

    for name in images:
        if name not in names.names and "/" not in name:
            fix = did_you_mean(name, names.names) or "to see all names, run: tfgen list"
            raise UsageError(f"image {name!r} not found", fix=fix)


def _written(workspace: Workspace, regions: Iterable[str]) -> tuple[list[Use], list[Failure]]:
    """Ids in the repository's files are uses in every region: an id says nothing of its region."""
    from tfgen.aws.usage.model import Failure, Use
    from tfgen.prune.repository import written_ids

    names = list(regions)
    try:
        found = list(written_ids(workspace.root))
    except OSError as error:
        said = f"{error.filename or workspace.root}: {error.strerror}"
        return [], [Failure(region=region, source="repository", error=said) for region in names]
    return [Use(region=region, ami=ami, kind="file", id=where) for region in names for ami, where in found], []


def _completed(
    facts: Facts,
    retention: Retention,
    askers: Sequence[RegionAsker],
    at_home: Callable[[], Sequence[RegionAsker]],
    names: ImageNames,
) -> tuple[Facts, list[str]]:
    """The facts with what costs a call for each AMI or image, asked for those alone that would go."""
    from tfgen.prune.read import ask_more, failed_executions

    going = _going(facts, retention)
    if not going:
        return facts, []
    homes = at_home()
    facts = _with_builds(facts, retention, homes, going)
    if not (going := _going(facts, retention)):
        return facts, []
    failed, failures = failed_executions(homes, _pipelines(facts, going, names), facts.regions)
    by_region: dict[str, list[str]] = defaultdict(list)
    for each in going:
        by_region[each.ami.region].append(each.ami.id)
    more = {asker.region: ask_more(asker, by_region[asker.region]) for asker in askers}
    gone = {(region, ami) for region, answer in more.items() for ami in answer.gone}
    notes = [f"{ami} ({region}) was deregistered meanwhile" for region, ami in sorted(gone)]
    completed = msgspec.structs.replace(
        facts,
        candidates=tuple(each for each in facts.candidates if each.key not in gone),
        uses=(*facts.uses, *(use for answer in more.values() for use in answer.uses)),
        failures=(*facts.failures, *failures, *(each for answer in more.values() for each in answer.failures)),
        failed=failed,
    )
    return completed, [*notes, *(note for answer in more.values() for note in answer.notes)]


def _going(facts: Facts, retention: Retention) -> list[Candidate]:
    return [each.candidate for each in decide(facts, retention) if each.action != "keep"]


def _with_builds(facts: Facts, retention: Retention, homes: Sequence[RegionAsker], going: Sequence[Candidate]) -> Facts:
    """With CodeBuild's records of the newest builds, until as many AMIs as stay are known to be good."""
    from tfgen.prune.newest import builds_to_ask
    from tfgen.prune.read import build_records

    keys = {each.key for each in going}
    facts = msgspec.structs.replace(facts, builds={})
    while wanted := builds_to_ask(facts, retention, keys):
        found, failures = build_records(homes, wanted, facts.regions)
        facts = msgspec.structs.replace(
            facts, builds={**(facts.builds or {}), **found}, failures=(*facts.failures, *failures)
        )
        if failures:
            break
    return facts


def _pipelines(facts: Facts, going: Sequence[Candidate], names: ImageNames) -> dict[str, str]:
    """Pipeline -> image, of the images of those that would go: by the tags of all their AMIs and by the repository."""
    images = {each.image for each in going}
    found = {pipeline: image for image, pipeline in names.pipelines.items() if image in images}
    for each in facts.candidates:
        if each.image in images and (project := project_of(each.ami)):
            found.setdefault(project, each.image)
    return found


def _plan(decisions: Sequence[Decision], facts: Facts, regions: dict[str, Region], notes: Sequence[str]) -> Plan:
    from tfgen.distribution.installed import version

    snapshots = {name: region.snapshots for name, region in regions.items()}
    sizes = Sizes(snapshots)
    # What stays has its snapshots first: nothing is gained where it shares them with what goes.
    kept_first = sorted(decisions, key=lambda one: ACTIONS.index(one.action))
    by_key = {each.candidate.key: sizes.of(each.candidate.ami) for each in kept_first}
    unreadable = [
        UnreadableSource(region=each.region, source=each.source, error=each.error)
        for each in dict.fromkeys(facts.failures)
    ]
    return Plan(
        amis=tuple(_planned(each, by_key[each.candidate.key]) for each in decisions),
        unreadable=tuple(unreadable),
        snapshots=left_snapshots(snapshots, (ami for region in regions.values() for ami in region.amis)),
        made_at=facts.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tfgen=version(),
        notes=tuple(notes),
        prices_of=prices().of,
    )


def _planned(decision: Decision, size: Size) -> PlannedAmi:
    ami = decision.candidate.ami
    return PlannedAmi(
        image=decision.candidate.image,
        region=ami.region,
        ami=ami.id,
        action=decision.action,
        because=decision.because,
        gb=size.gb,
        gb_at_most=size.at_most,
        usd_month=size.usd_month,
        name=ami.name,
        account=ami.account,
        created=ami.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        snapshots=tuple(each.id for each in ami.snapshots),
    )
