"""What becomes of each AMI: pure, facts and policy in, decisions out. An AMI that something uses is kept.

An AMI is at a level: kept, or the strongest step that its age allows. A relation can only lower levels: a parent is
never at a stronger one than its child, a copy and its source are at the same. So levels are lowered from the kept ones
on, each AMI once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.prune.facts import Candidate, Facts
from tfgen.prune.model import ACTIONS, Action, Because
from tfgen.prune.newest import newest
from tfgen_generators.settings.lifecycle.ages import age_of
from tfgen_generators.settings.lifecycle.retention import Retention

#: A launch within 24 hours keeps an AMI; AWS tells of it a day late.
LAUNCHED_WITHIN = timedelta(hours=48)
_READY = ("available", "disabled")
#: After protection was taken away a cooldown may go on, which has a word of its own.
UNPROTECTED = ("", "disabled")

Key = tuple[str, str]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one AMI, and why."""

    candidate: Candidate
    action: Action
    because: tuple[Because, ...]


def decide(facts: Facts, retention: Retention) -> tuple[Decision, ...]:
    """One decision for each candidate: those that go first, children before parents; then the kept ones."""
    reasons: dict[Key, list[Because]] = defaultdict(list)
    for key, reason in _reasons(facts, retention):
        if reason not in reasons[key]:
            reasons[key].append(reason)
    levels: dict[Key, int] = {}
    for each in facts.candidates:
        if reasons[each.key]:
            levels[each.key] = 0
        else:
            levels[each.key], reason = _step(each.ami, facts.now, retention)
            reasons[each.key].append(reason)
    _lower(facts.candidates, levels, reasons)
    decisions = [_decision(each, levels[each.key], reasons[each.key], facts.now) for each in facts.candidates]
    return tuple(_ordered(decisions))


def _decision(candidate: Candidate, level: int, because: list[Because], now: datetime) -> Decision:
    """The action, but for one that was taken before: nothing is left to do."""
    ami, action = candidate.ami, ACTIONS[level]
    is_deprecated = ami.deprecated_at is not None and ami.deprecated_at <= now
    if action == "deprecate" and (is_deprecated or ami.state == "disabled"):
        action, because = "keep", [*because, Because(kind="already", id="deprecated")]
    elif action == "disable" and ami.state == "disabled":
        action, because = "keep", [*because, Because(kind="already", id="disabled")]
    return Decision(candidate=candidate, action=action, because=tuple(because))


def _reasons(facts: Facts, retention: Retention) -> Iterator[tuple[Key, Because]]:
    """Why an AMI is kept, all reasons but those that come of its relatives."""
    for use in facts.uses:
        yield (use.region, use.ami), Because(kind=use.kind, id=use.id)
    yield from _never(facts)
    yield from newest(facts, retention)
    yield from _young(facts, retention)


def _never(facts: Facts) -> Iterator[tuple[Key, Because]]:
    """What keeps an AMI whatever the settings and flags say."""
    unreadable: dict[str, list[str]] = defaultdict(list)
    for failure in facts.failures:
        unreadable[failure.region].append(failure.source)
    for each in facts.candidates:
        ami = each.ami
        yield from ((each.key, Because(kind="unreadable", id=source)) for source in unreadable[ami.region])
        for kind, id_, holds in (
            ("not-ours", ami.name, not each.image),
            ("not-asked", each.image, not each.in_scope),
            ("state", ami.state, ami.state not in _READY),
            ("public", ami.id, ami.public),
            ("deregistration-protection", ami.protection, ami.protection not in UNPROTECTED),
            ("failed-execution", facts.failed.get(each.image, ""), each.image in facts.failed),
        ):
            if holds:
                yield each.key, Because(kind=kind, id=id_)
        if ami.last_launched and ami.last_launched > facts.now - LAUNCHED_WITHIN:
            yield each.key, Because(kind="launched", id=_text(ami.last_launched))
        if ami.source_id and ami.source_region and ami.source_region not in facts.regions:
            yield each.key, Because(kind="source-not-asked", id=f"{ami.source_region}/{ami.source_id}")


def _young(facts: Facts, retention: Retention) -> Iterator[tuple[Key, Because]]:
    """What `keep` holds: AMIs of the branch since their build, those of a channel since they left it."""
    if not retention.keep:
        return
    for each in facts.candidates:
        branch = each.ami.tags.get("Branch") or facts.branch
        text = retention.keep.get(branch) if each.ami.template else None
        if text and each.ami.created > _before(facts.now, text):
            yield each.key, Because(kind="keep", id=f"{branch} = {text}")
    for stay in facts.stays:
        channel = facts.channels.get(stay.parameter) or stay.parameter.rpartition("/")[2]
        if (text := retention.keep.get(channel)) and (stay.until is None or stay.until > _before(facts.now, text)):
            yield (stay.region, stay.ami), Because(kind="keep", id=f"{channel} = {text} ({stay.parameter})")


def _before(now: datetime, text: str) -> datetime:
    try:
        return now - age_of(text)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)


def _step(ami: OwnedImage, now: datetime, retention: Retention) -> tuple[int, Because]:
    """The strongest step that is due, 0 where none is; an age is since the build or the last launch."""
    since = max(ami.created, ami.last_launched or ami.created)
    due = [(step, text) for step, text, _ in retention.steps if since <= _before(now, text)]
    if not due:
        step, text, _ = retention.steps[0]
        return 0, Because(kind="not-due", id=f"{step} = {text}")
    step, text = due[-1]
    return next(level for level, action in enumerate(ACTIONS) if action == step), Because(
        kind="unused", id=f"{step} = {text}"
    )


def _lower(candidates: Iterable[Candidate], levels: dict[Key, int], reasons: Mapping[Key, list[Because]]) -> None:
    """Carries each level to parents, sources and copies that are at a stronger one, the lowest first."""
    pulls = _pulls(candidates, levels)
    waiting: list[list[Key]] = [[] for _ in ACTIONS]
    for key, level in levels.items():
        waiting[level].append(key)
    for level, keys in enumerate(waiting):
        while keys:
            key = keys.pop()
            if levels[key] != level:
                continue
            for kind, other in pulls.get(key, ()):
                if levels[other] > level:
                    levels[other] = level
                    reasons[other][:] = [Because(kind=kind, id=f"{key[0]}/{key[1]}" if key[0] != other[0] else key[1])]
                    keys.append(other)


def _pulls(candidates: Iterable[Candidate], known: Mapping[Key, int]) -> dict[Key, list[tuple[str, Key]]]:
    """AMI -> what must not go before it does: its parents, its source, its copies."""
    found: dict[Key, list[tuple[str, Key]]] = defaultdict(list)
    for each in candidates:
        for kind, other in relatives(each.ami):
            if other in known and other != each.key:
                found[each.key].append((kind, other))
                if kind == "source-of":
                    found[other].append(("copy-of", each.key))
    return found


def relatives(ami: OwnedImage) -> Iterator[tuple[str, Key]]:
    """The AMIs that one comes of; of a copy they are where its source is."""
    if ami.parent:
        yield "parent-of", (ami.region, ami.parent)
        if ami.source_region and ami.source_region != ami.region:
            yield "parent-of", (ami.source_region, ami.parent)
    if ami.source_id:
        region = ami.source_region or ami.region
        yield ("source-of" if region != ami.region else "parent-of"), (region, ami.source_id)


def _ordered(decisions: list[Decision]) -> Iterator[Decision]:
    """Children and copies before what they come of, else by image, region and age; the kept ones last."""
    going = {each.candidate.key: each for each in decisions if each.action != "keep"}
    ranked = sorted(going.values(), key=_rank)
    done: set[Key] = set()
    children: dict[Key, list[Key]] = defaultdict(list)
    for each in ranked:
        for _, other in relatives(each.candidate.ami):
            if other in going and other != each.candidate.key:
                children[other].append(each.candidate.key)
    for each in ranked:
        ahead = [(each.candidate.key, False)]
        while ahead:
            key, ready = ahead.pop()
            if ready:
                yield going[key]
            elif key not in done:
                done.add(key)
                ahead.append((key, True))
                ahead += [(child, False) for child in reversed(children[key]) if child not in done]
    yield from sorted((each for each in decisions if each.action == "keep"), key=_rank)


def _rank(decision: Decision) -> tuple[str, str, datetime, str]:
    ami = decision.candidate.ami
    return decision.candidate.image, ami.region, ami.created, ami.id


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
