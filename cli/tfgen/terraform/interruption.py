"""What an interrupted run has left behind, by image."""

from __future__ import annotations

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
    text = f"apply was interrupted after {counted(done, 'resource change')}{applied(record)}"
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
