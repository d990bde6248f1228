"""The newest good AMIs of an image, region and architecture, which stay. Pure.

By their tags, and besides by CodeBuild's records of their builds: tags that somebody has copied to another AMI must not
let the real one go. So a record keeps more, never less; what it cannot decide is kept in addition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.standing import UNKNOWN, Standing, copied_from, standing
from tfgen.prune.facts import Candidate, Facts
from tfgen.prune.model import Because
from tfgen_generators.settings.lifecycle.retention import Retention

Key = tuple[str, str]


def newest(facts: Facts, retention: Retention) -> Iterator[tuple[Key, Because]]:
    """The newest good one, which no setting lets go, and the newest of all; then `keep_last`."""
    known = {each.key: each.ami for each in facts.candidates}
    for ordered in _groups(facts):
        tagged = [each for each in ordered if is_tagged(each.ami)] or ordered
        for each in (tagged[0], ordered[0]):
            yield each.key, Because(kind="newest", id=each.image)
        for place, each in enumerate(tagged[: retention.keep_last], 1):
            yield each.key, Because(kind="keep-last", id=f"{place} of {retention.keep_last}")
        if facts.builds is not None:
            yield from _by_record(tagged, facts, known, retention.keep_last)


def is_tagged(ami: OwnedImage) -> bool:
    """Whether it says that a pipeline made it of a commit: the buildspec sets these tags after a good build only."""
    return bool(ami.template and ami.build and ami.commit and not ami.commit.endswith("-dirty"))


def builds_to_ask(facts: Facts, retention: Retention, going: Collection[Key]) -> list[str]:
    """The builds whose records say next which AMIs are good, of the groups in which something would go."""
    known = {each.key: each.ami for each in facts.candidates}
    found: dict[str, None] = {}
    for ordered in _groups(facts):
        if not any(each.key in going and is_tagged(each.ami) for each in ordered):
            continue
        missing, seen, asked = max(1, retention.keep_last), 0, 0
        for each in (one for one in ordered if is_tagged(one.ami)):
            if each.ami.build in (facts.builds or {}):
                seen += 1
                missing -= _standing(each, facts, known).kind in _COUNTED
            elif missing > 0 and asked < missing + seen:  # twice as many in each round
                found[each.ami.build] = None
                asked += 1
            else:
                break
            if missing <= 0:
                break
    return list(found)


_COUNTED = ("good", "expired")


def _by_record(
    tagged: list[Candidate], facts: Facts, known: dict[Key, OwnedImage], keep_last: int
) -> Iterator[tuple[Key, Because]]:
    """So many that are good, and before the last of these whatever may be."""
    wanted, place = max(1, keep_last), 0
    for each in tagged:
        found = _standing(each, facts, known)
        if found.kind in UNKNOWN:
            yield each.key, Because(kind="may-be-good", id=found.reason)
        elif found.kind in _COUNTED:
            place += 1
            if place == 1:
                yield each.key, Because(kind="newest", id=each.image)
            if place <= keep_last:
                yield each.key, Because(kind="keep-last", id=f"{place} of {keep_last}, by its build")
        if place >= wanted:
            return


def _standing(candidate: Candidate, facts: Facts, known: dict[Key, OwnedImage]) -> Standing:
    source = known.get(copied_from(candidate.ami) or ("", ""))
    return standing(candidate.ami, facts.builds, now=facts.now, source=source)


def _groups(facts: Facts) -> list[list[Candidate]]:
    """The available AMIs of an image, region and architecture, newest first."""
    groups: dict[tuple[str, str, str], list[Candidate]] = defaultdict(list)
    for each in facts.candidates:
        if each.image and each.ami.state == "available":
            groups[each.image, each.ami.region, each.ami.architecture].append(each)
    return [sorted(group, key=lambda one: (one.ami.created, one.ami.id), reverse=True) for group in groups.values()]
