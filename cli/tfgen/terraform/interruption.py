"""What an interrupted run has left behind, by image."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable

from tfgen.phrases import counted, some
from tfgen.terraform.reports.record import Record
from tfgen_generators.errors import InterruptedRunError

_MOST_NAMES = 20


def stopping_text(product: str, *, killed: bool) -> str:
    """What is said when Terraform is stopped, or killed."""
    if killed:
        return f"killing {product}"
    return f"stopping: {product} finishes running operations; press Ctrl-C again to kill it"


def after_stop(
    command: str, record: Record, *, complete: bool, killed: bool, unsaved: str, title: str = "Terraform"
) -> InterruptedRunError:
    """What an interrupted run has left behind; `unsaved` says where its state lies when it could not be saved.

    `title` is what the product that ran is called.
    """
    if command != "apply":
        return InterruptedRunError(f"{command} was interrupted; nothing was changed in AWS")
    if complete:
        return InterruptedRunError("apply was interrupted, but all changes were already applied")
    if not (record.began or unsaved or killed):
        return InterruptedRunError("apply was interrupted before it began; nothing was changed in AWS")
    done = record.done
    actions = "".join(f"; {said}" for said in failed_actions(record))
    text = f"apply was interrupted after {counted(done, 'resource change')}{applied(record)}{actions}"
    if unsaved:
        return InterruptedRunError(f"{text}; {unsaved}")
    if not killed:
        return InterruptedRunError(
            f"{text}; {title} stopped cleanly and its state is saved; to see the remaining changes, run: tfgen plan"
        )
    flying = [f"{address} ({action})" for address, action in sorted(record.in_flight.items())]
    named = f": {some(flying, _MOST_NAMES)}" if flying else ""
    return InterruptedRunError(
        f"{text} and {title} was killed: its state may lack changes in progress{named}, and its lock may be held; "
        "check these resources in AWS, then run: tfgen plan"
    )


def applied(record: Record) -> str:
    """` (applied: db (2 of 2), web (1 of 4))`, or nothing."""
    images = list(record.applied())
    return f" (applied: {some(images, _MOST_NAMES)})" if images else ""


def failed_actions(record: Record) -> Iterable[str]:
    """`action ADDRESS of image web failed after ..., and no later plan repeats it`, for each, and what was missed."""
    for image, action in record.failed_actions[:_MOST_NAMES]:
        when = f" {action.when}" if action.resource else ""  # a person has asked for the others
        yield f"action {action.address} of image {image} failed{when}, {action.consequence}"
    for image, action in itertools.islice(record.missed_actions(), _MOST_NAMES):
        yield f"action {action.address} of image {image} was not invoked {action.when}, and no later plan invokes it"


def again(record: Record) -> Iterable[str]:
    """How an action that no later plan repeats is invoked again."""
    for image, action in (*record.failed_actions, *record.missed_actions()):
        if action.is_lost:
            invoke = shlex.quote(f"-invoke={action.address}")
            apply = f"tfgen apply FILE --allow-action {shlex.quote(image)}"
            yield f"to invoke it again, run: tfgen plan --out FILE -- {invoke}, then: {apply}"
            yield "changes applied so far are kept; to see the rest, run: tfgen plan"
            return
