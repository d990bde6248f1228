"""A report, asked for or saved, is shown in the form that is wanted and checked; each function gives the exit code."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Literal

import msgspec

from tfgen.status.show.check import Limits
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.status.collect import Options
    from tfgen.status.model import Report


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a report is shown, and what it is checked for (None: nothing); `image` is shown at length."""

    form: Literal["table", "json", "html"]
    limits: Limits | None = None
    image: str | None = None


def show_saved(path: str, shown: Shown) -> int:
    """A report that was saved. Raises UsageError for an image that it does not have."""
    from msgspec.structs import replace

    from tfgen.status.saved import read_report
    from tfgen_generators.nearest import did_you_mean

    report = read_report(path)
    if shown.image is not None:
        rows = tuple(row for row in report.images if row.image == shown.image)
        if not rows:
            fix = did_you_mean(shown.image, (row.image for row in report.images))
            raise UsageError(f"image {shown.image!r} not found in {path}", fix=fix or "use a name that it has")
        report = replace(report, images=rows, orphans=(), drift=())
    return _show(report, shown, is_whole=True)


def show_now(options: Options, shown: Shown) -> int:
    """What AWS and the repository say now, with what is odd about this machine on stderr."""
    from tfgen.console import note, one_line
    from tfgen.status.run import find_status
    from tfgen.sync.survey import complain
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    gc.disable()  # what is read stays: to look for garbage among it would cost a tenth
    try:
        answer = find_status(workspace, options)
    finally:
        gc.freeze()
        gc.enable()
    report = answer.report
    for text in answer.notes:
        note(one_line(f"note: {text}"), style="yellow")
    if shown.image is not None:
        from tfgen.status.length.at_length import with_length

        report = with_length(workspace, report)
    code = _show(report, shown, is_whole=not answer.problems)
    if answer.problems:
        complain(answer.found)
    return code


def _show(report: Report, shown: Shown, *, is_whole: bool) -> int:
    """Prints the report; gives the exit code."""
    from tfgen.console import note, one_line
    from tfgen.status.run import is_whole as has_all
    from tfgen.status.show.check import failures

    _print(report, shown)
    found = list(failures(report, shown.limits)) if shown.limits is not None else []
    for line in found:
        note(one_line(f"error: {line}"), style="red")
    if found:
        return 2
    return 0 if is_whole and has_all(report) else 1


def _print(report: Report, shown: Shown) -> None:
    if shown.form == "json":
        from tfgen.status.saved import print_report

        print_report(report)
    elif shown.form == "html":
        import sys

        from tfgen.status.page.render import render

        sys.stdout.buffer.write(render(report).encode())  # as the page says of itself, whatever the locale
    else:
        from tfgen.status.show import one, table

        (one if shown.image is not None else table).show(report)
