"""One image at length on stdout, made of the report alone."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.console import one_line, out, out_table
from tfgen.status.model import AtLength, ImageStatus, Report
from tfgen.status.show.table import age, behind_text, drift_text, place_of
from tfgen.status.show.when import took

_FILES = 20


def show(report: Report) -> None:
    """Each row of the report."""
    for number, row in enumerate(report.images):
        if number:
            out()
        out(one_line(place_of(row, report)), style="bold")
        for label, text in _facts(row):
            out(one_line(f"  {label:<10} {text}"))
        _executions(row)
        _amis(row)
        if row.at_length is not None:
            _changes(row.at_length)


def _facts(row: ImageStatus) -> Iterator[tuple[str, str]]:
    yield "template", row.template
    if row.ami:
        yield "AMI", f"{row.ami} ({row.ami_name}), {age(row.age_days)} old, built {row.built_at}"
        yield "commit", row.commit
        yield "execution", row.execution or "not known"
    else:
        yield "AMI", "none"
    yield "HEAD", behind_text(row) if row.behind.verdict != "no" else "current"
    pipeline = row.pipeline
    since = f" since {pipeline.since}, {pipeline.failures} in a row" if pipeline.since else ""
    yield "pipeline", f"{pipeline.name or '?'}: {pipeline.state}{since}"
    if pipeline.reason:
        yield "reason", pipeline.reason
    yield "next start", pipeline.next_start or "not known"
    stale = {True: " (newer than the one it was made from)", False: "", None: " (not known whether it is newer)"}
    yield "parents", f"{', '.join(row.parents)}{stale[row.parent_stale]}" if row.parents else "none in this repository"
    if row.at_length is not None:
        yield "children", ", ".join(row.at_length.children) or "none"
        yield from _files(row.at_length.files)
    yield from (("channel", f"{name}: {ami}") for name, ami in row.channels.items())
    for each in row.drift:
        yield "drift", drift_text(each.between, each.what, each.field, each.expected, each.found)
    yield from (("note", note) for note in row.notes)
    yield from (("unreadable", f"{each.cell}: {each.action}: {each.error}") for each in row.unreadable)


def _files(files: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for number, path in enumerate(files[:_FILES]):
        yield ("" if number else "made of"), path
    if len(files) > _FILES:
        yield "", f"and {len(files) - _FILES} more (--format json shows all)"


def _executions(row: ImageStatus) -> None:
    if row.pipeline.executions:
        out()
        out_table(
            ["EXECUTION", "STATUS", "STARTED", "TOOK", "COMMIT"],
            [
                [
                    each.id,
                    each.status,
                    each.started_at or "-",
                    took(each.started_at, each.ended_at),
                    each.commit[:12] or "-",
                ]
                for each in row.pipeline.executions
            ],
        )


def _amis(row: ImageStatus) -> None:
    if row.amis:
        out()
        rows = [
            [each.id, each.name, each.built_at, each.commit[:12] or "-", "good" if each.good else each.problem]
            for each in row.amis
        ]
        out_table(["AMI", "NAME", "BUILT", "COMMIT", "VERDICT"], rows)


def _changes(found: AtLength) -> None:
    if found.changes:
        out()
        out("changed since:", style="bold")
    for change in found.changes:
        out(one_line(f"  {change.commit[:12]} {change.at[:10]} {change.subject}"))
        for path, why in change.paths.items():
            out(one_line(f"    {path}{f' ({why})' if why else ''}"))
    if found.more_changes:
        out(f"  and {found.more_changes} more")
    if found.problem:
        out(one_line(f"what changed since is not known: {found.problem}"))
