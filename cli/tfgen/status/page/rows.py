"""What the table says of each image: words, numbers and bars, cut to the room that there is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen.phrases import counted
from tfgen.status.model import Drift, ImageStatus, Pipeline, Report
from tfgen.status.page.spark import Spark, spark_of
from tfgen.status.page.states import STATES, VERDICTS, Shown
from tfgen.status.page.text import age, cut, days_between, moment, name

BETWEEN = {
    "template/file": "template and file",
    "file/aws": "file and AWS",
    "ami/code": "AMI and code",
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is said: signs of a text and of a name or path, differences of an image, lines of a list."""

    text: int
    path: int
    drift: int
    lines: int


class AgeBar(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of 100: the whole bar, and the part at its end since the AMI is superseded."""

    age: int
    superseded: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One drift."""

    between: str
    what: str
    field: str
    expected: str
    found: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `marks` are what the filter knows of it."""

    marks: str
    image: str
    template: str
    region: str
    account: str
    state: Shown
    since: str
    reason: str
    unreadable: str
    spark: Spark | None
    ami: str
    commit: str
    age: str
    age_days: str
    superseded: str
    bar: AgeBar | None
    behind: Shown
    behind_file: str
    behind_why: str
    parent: str
    parents: str
    next_start: str
    channels: tuple[tuple[str, str], ...]
    drift: str
    differences: tuple[Difference, ...]
    more: int


def rows_of(report: Report, limits: Limits) -> tuple[Row, ...]:
    """The rows in the report's order."""
    oldest = max((image.age_days or 0.0 for image in report.images), default=0.0)
    accounts = len({image.account for image in report.images}) > 1
    return tuple(_row(image, report.made_at, oldest, limits, accounts=accounts) for image in report.images)


def marks_of(image: ImageStatus) -> tuple[str, ...]:
    """The state's word and what else a person may look for."""
    found = [image.pipeline.state]
    marks = {
        "behind": image.behind.verdict == "yes",
        "stale": bool(image.parent_stale),
        "drift": bool(image.drift),
        "unreadable": bool(image.unreadable),
    }
    return (*found, *(mark for mark, holds in marks.items() if holds))


def _row(image: ImageStatus, made_at: str, oldest: float, limits: Limits, *, accounts: bool) -> Row:
    superseded = days_between(image.superseded_at, made_at) if image.superseded_at else None
    return Row(
        marks=" ".join(marks_of(image)),
        image=name(image.image),
        template=cut(image.template, limits.path),
        region=cut(image.region, limits.path),
        account=cut(image.account, limits.path) if accounts else "",
        state=STATES[image.pipeline.state],
        since=cut(_since(image.pipeline, made_at), limits.path),
        reason=cut(image.pipeline.reason, limits.text),
        unreadable=f"{counted(len(image.unreadable), 'cell')} not readable" if image.unreadable else "",
        spark=spark_of(image.pipeline.executions),
        ami=cut(image.ami or "", limits.path),
        commit=image.commit[:10],
        age=_age(image),
        age_days="" if image.age_days is None else f"{image.age_days:.2f}",
        superseded=_superseded(image, superseded),
        bar=_bar(image.age_days, superseded, oldest),
        behind=VERDICTS[image.behind.verdict],
        behind_file=cut(image.behind.file, limits.path),
        behind_why=cut(image.behind.why, limits.text),
        parent=_parent(image),
        parents=cut(", ".join(image.parents), limits.path),
        next_start=cut(image.pipeline.next_start, limits.text),
        channels=tuple(
            (cut(key, limits.path), cut(value, limits.path)) for key, value in sorted(image.channels.items())
        ),
        drift=counted(len(image.drift), "difference") if image.drift else "",
        differences=_differences(image.drift, limits),
        more=max(len(image.drift) - limits.drift, 0),
    )


def _since(pipeline: Pipeline, made_at: str) -> str:
    if not pipeline.since:
        return ""
    days = days_between(pipeline.since, made_at)
    return f"since {moment(pipeline.since)}" + (f" ({age(days)})" if days is not None and days >= 0 else "")


def _age(image: ImageStatus) -> str:
    if image.age_days is not None:
        return age(image.age_days)
    return "not known" if image.ami else "no AMI"


def _superseded(image: ImageStatus, days: float | None) -> str:
    if not image.superseded_at:
        return ""
    return f"superseded {moment(image.superseded_at)}" if days is None else f"superseded for {age(days)}"


def _bar(days: float | None, superseded: float | None, oldest: float) -> AgeBar | None:
    if days is None or days < 0 or oldest <= 0:
        return None
    whole = max(round(100 * (days / oldest)), 1)
    return AgeBar(age=whole, superseded=min(max(round(100 * min((superseded or 0.0) / oldest, 1.0)), 0), whole))


def _parent(image: ImageStatus) -> str:
    if not image.parents and image.parent_stale is None:
        return ""
    return {True: "stale", False: "current", None: "not known"}[image.parent_stale]


def _differences(drift: Sequence[Drift], limits: Limits) -> tuple[Difference, ...]:
    return tuple(
        Difference(
            between=BETWEEN[one.between],
            what=cut(one.what, limits.text),
            field=cut(one.field, limits.text),
            expected=cut(one.expected, limits.text),
            found=cut(one.found, limits.text),
        )
        for one in drift[: limits.drift]
    )
