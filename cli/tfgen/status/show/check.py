"""What `tfgen status --check` finds: the images that are not as they should be, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from tfgen.status.model import ImageStatus, Report
from tfgen.status.show.table import behind_text, place_of
from tfgen_generators.settings.lifecycle.ages import age_of_option


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`max_age` in days; `max_failing` red images are put up with."""

    max_age: float | None = None
    age_text: str = ""
    max_failing: int = 0
    behind: bool = False


def limits(max_age: str | None, max_failing: int | None, behind: bool) -> Limits:
    """The limits of the options. Raises UsageError for an age that is none."""
    if max_age is None:
        return Limits(max_failing=max_failing or 0, behind=behind)
    days = age_of_option("--max-age", max_age) / timedelta(days=1)
    return Limits(max_age=days, age_text=max_age, max_failing=max_failing or 0, behind=behind)


def failures(report: Report, limits: Limits) -> Iterator[str]:
    """One line for each image and reason; what could not be read is no reason here."""
    red = [row for row in report.images if row.pipeline.state == "red"]
    for row in report.images:
        for reason in _reasons(row, limits, too_many=len(red) > limits.max_failing):
            yield f"{place_of(row, report)}: {reason}"


def _reasons(row: ImageStatus, limits: Limits, *, too_many: bool) -> Iterator[str]:
    unread = {each.cell for each in row.unreadable}
    if row.pipeline.state == "missing":
        yield f"pipeline {row.pipeline.name} not found"
    if row.pipeline.state == "red" and too_many:
        since = f" since {row.pipeline.since}" if row.pipeline.since else ""
        yield f"red{since}{f': {row.pipeline.reason}' if row.pipeline.reason else ''}"
    if row.ami is None:
        if "ami" not in unread:
            yield "no good AMI"
        return
    if limits.max_age is not None and (row.age_days or 0.0) > limits.max_age:
        yield f"{row.ami} is {row.age_days:.1f} days old, more than {limits.age_text}"
    if limits.behind and row.behind.verdict != "no":
        yield behind_text(row)
