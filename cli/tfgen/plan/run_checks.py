"""What a run of Terraform says of itself, beside its exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen.terraform.watched import Run

_LOCK_GONE = re.compile(r"open \S*\.lock\.info: no such file or directory|\.tflock'.*NoSuchKey", re.DOTALL)


def is_lock_free_again(done: Run) -> bool:
    """Whether the state's lock was let go while Terraform asked whose it is: it gives up then, whatever its timeout."""
    return (
        done.finished.code == 1
        and not (done.finished.interrupted or done.record.began)
        and any("state lock" in error.summary and _LOCK_GONE.search(error.detail) for error in done.record.errors())
    )


def has_said_all(done: Run) -> bool:
    """Whether a run that ended well said what it did, and what its exit code says: if not, it was no real one."""
    if done.command == "init":
        return True
    contradicts = done.command == "plan" and done.finished.code == 0 and done.record.has_changes()
    # Terraform 1.15 calls a plan good whose -var-file is not there.
    return done.record.summarizer.complete and not contradicts and not done.record.errors()
