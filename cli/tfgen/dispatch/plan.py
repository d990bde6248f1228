"""Which images a dispatch must build: those that are affected since their last good commit, and their children."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from tfgen.aws.pipelines.dispatch_state import Item
from tfgen.dispatch.assess import Assessment, Assessor
from tfgen.dispatch.model import Job
from tfgen_generators.errors import BusyError

_TRIES = 20


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`reasons` by image, parents before children; `items` are those images' as this dispatch has seen them.

    `others` are images that are being built without a claim, with their executions.
    """

    reasons: dict[str, str]
    items: dict[str, Item]
    others: dict[str, str] = {}


def make_plan(assessor: Assessor) -> Plan:
    """Looks at every image, marks those that are due for a parent's sake, and keeps what is as good as new.

    A mark is written only where the item is still the one that was seen; else all is looked at again.
    Raises AwsError, BusyError when others change the table all the time.
    """
    job = assessor.job
    for _ in range(_TRIES):
        found = {name: assessor.assess(item) for name, item in assessor.table.read(job.pipelines).items()}
        reasons = _with_children(job, {name: each.reason for name, each in found.items() if each.reason})
        marked = _marked(assessor, found, reasons)
        if marked is not None:
            _advance(assessor, [each.item for name, each in found.items() if name not in reasons])
            ordered = [name for name in job.order if name in reasons]
            others = {name: each.others for name, each in found.items() if each.others}
            return Plan(reasons={name: reasons[name] for name in ordered}, items=marked, others=others)
    raise BusyError("other dispatchers keep changing the table", fix="try again when they have finished")


def _with_children(job: Job, reasons: dict[str, str]) -> dict[str, str]:
    found = dict(reasons)
    for name in job.order if job.children else ():
        if name in job.pipelines and name not in found:
            parent = next((each for each in job.earlier_parents(name) if each in found), None)
            if parent is not None:
                found[name] = f"its parent {parent} is built"
    return found


def _marked(assessor: Assessor, found: dict[str, Assessment], reasons: Iterable[str]) -> dict[str, Item] | None:
    """The items of what is built, each child's marked before its parent begins: whoever is killed, the mark stays."""
    job = assessor.job
    wanted = set(reasons)
    items: dict[str, Item] = {}
    for name in wanted:
        item = found[name].item
        if (
            job.children
            and any(parent in wanted for parent in job.earlier_parents(name))
            and job.commit not in item.due
        ):
            swapped = assessor.table.swap(item, replace(item, due=item.due | {job.commit}))
            if swapped is None:
                return None
            item = swapped
        items[name] = item
    return items


def _advance(assessor: Assessor, items: Iterable[Item]) -> None:
    """What is not affected since its good commit is as good at this one. Where somebody was faster, nothing is lost."""
    for item in _behind(assessor.job, items):
        assessor.table.swap(item, replace(item, good=assessor.job.commit))


def _behind(job: Job, items: Iterable[Item]) -> Iterator[Item]:
    return (item for item in items if item.good and item.good != job.commit)
