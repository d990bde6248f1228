"""The report as a table on stdout, and what needs a sentence below it."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.console import one_line, out, out_table
from tfgen.status.model import ImageStatus, Report

_STYLES = {"red": "red", "missing": "red", "disabled": "yellow", "waiting": "yellow"}


def show(report: Report) -> None:
    """Made of the report alone: of a saved one it is the same."""
    several = len({(row.account, row.region) for row in report.images}) > 1
    with_account = any(row.account for row in report.images)
    if report.images:
        header = ["IMAGE", *(["ACCOUNT"] if with_account else []), *(["REGION"] if several else [])]
        header += ["AMI", "AGE", "BEHIND", "PIPELINE", "PARENT", "DRIFT", "NEXT START"]
        rows = [
            [
                row.image,
                *([row.account] if with_account else []),
                *([row.region] if several else []),
                *_cells(row),
            ]
            for row in report.images
        ]
        out_table(header, rows)
    for line in lines(report):
        out(one_line(line))


def _cells(row: ImageStatus) -> list[str]:
    unread = {each.cell for each in row.unreadable}
    pipeline = row.pipeline
    return [
        row.ami or ("?" if "ami" in unread else "none"),
        age(row.age_days),
        row.behind.verdict if row.ami else "-",
        pipeline.state + (f" since {pipeline.since[:10]}" if pipeline.since and pipeline.state == "red" else ""),
        {True: "stale", False: "-" if not row.parents else "current", None: "?"}[row.parent_stale],
        str(len(row.drift)) if row.drift else "-",
        pipeline.next_start or "-",
    ]


def age(days: float | None) -> str:
    """`41d`, `7h`, the whole ones that have passed as on the page; "-" where it is not known."""
    if days is None:
        return "-"
    return f"{int(days)}d" if days >= 1 else f"{int(days * 24)}h"


def lines(report: Report) -> Iterator[str]:
    """What the table has no room for, a line each."""
    for row in report.images:
        name = place_of(row, report)
        if row.behind.verdict != "no" and row.ami:
            yield f"{name}: {behind_text(row)}"
        if row.pipeline.reason:
            yield f"{name}: pipeline {row.pipeline.name} is {row.pipeline.state}: {row.pipeline.reason}"
        elif row.pipeline.state == "missing":
            yield f"{name}: there is no pipeline {row.pipeline.name}"
        if row.parent_stale:
            yield f"{name}: a parent ({', '.join(row.parents)}) has a newer good AMI"
        for each in row.drift:
            yield f"{name}: drift, {drift_text(each.between, each.what, each.field, each.expected, each.found)}"
        yield from (f"{name}: {note}" for note in row.notes)
        yield from (f"{name}: {each.cell} not readable: {each.action}: {each.error}" for each in row.unreadable)
    for each in report.drift:
        yield f"drift, {drift_text(each.between, each.what, each.field, each.expected, each.found)}"
    for orphan in report.orphans:
        where = f" ({orphan.account} {orphan.region})".replace("( ", "(")
        yield f"{orphan.kind} {orphan.name}{where}: {orphan.reason}"
    yield from (f"{each.cell} not readable: {each.action}: {each.error}" for each in report.unreadable)


def behind_text(row: ImageStatus) -> str:
    """Whether the image is behind, and by which file."""
    behind = row.behind
    if behind.verdict == "unknown":
        return f"behind is unknown: {behind.why or 'no reason given'}"
    why = f" ({behind.why})" if behind.why else ""
    since = f" since {row.superseded_at[:10]}" if row.superseded_at else ""
    return f"behind{since}: {behind.file}{why}"


def drift_text(between: str, what: str, field: str, expected: str, found: str) -> str:
    """One difference."""
    values = f": expected {expected or 'nothing'}, found {found or 'nothing'}" if expected or found else ""
    of = f" {field}" if field and field not in what else ""
    return f"{between}: {what}{of}{values}"


def place_of(row: ImageStatus, report: Report) -> str:
    """The image's name, with account and region where there are several."""
    if len({(each.account, each.region) for each in report.images}) < 2:
        return row.image
    return f"{row.image} ({row.account} {row.region})".replace("( ", "(")
