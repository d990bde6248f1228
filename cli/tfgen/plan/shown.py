"""What a saved plan says of itself: `terraform show` of its bytes, once a process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgen.terraform.argv import show_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.inputs import file_digest
from tfgen.terraform.processes.log import open_log
from tfgen.terraform.processes.process import Finished, run
from tfgen.terraform.reports.images import root_modules
from tfgen.terraform.reports.merged import deferred_lines, with_shown
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.terraform.reports.record import Record
from tfgen.terraform.reports.show import FORMAT, ShownPlan
from tfgen.terraform.reports.summarizer import Summarizer
from tfgen.terraform.watched import Run, Watcher
from tfgen_generators.errors import InterruptedRunError, RefusedError, TfgenError

#: From which version on the events may hold what tfgen has not read of: then the plan itself is asked as well.
#: Source: the main branches of 2026-08, Terraform 1.17.0-dev and OpenTofu 1.13.0-dev.
_NOT_READ = {"terraform": (1, 17), "tofu": (1, 13)}
_REVIEW = "run: tfgen plan, and review it again"
_MOST_LINES = 20

#: Digest of the latest plan that was shown -> what it says.
_LATEST: dict[str, ShownPlan] = {}


def show_plan(
    binary: Binary,
    plan: Path,
    *,
    folder: Path,
    env: Mapping[str, str],
    watcher: Watcher,
    command: str,
    variables: Sequence[str] = (),
) -> tuple[ShownPlan, Finished | None]:
    """What `plan` says, and how Terraform ended (None: it was asked before). Raises InterruptedRunError.

    `variables` are arguments that give values to variables.
    """
    digest = file_digest(plan)
    if digest in _LATEST:
        return _LATEST[digest], None
    shown = ShownPlan()
    finished = run(
        show_argv(binary, str(plan.absolute()), variables),
        cwd=folder,
        env=env,
        on_line=shown.feed,
        on_tick=watcher.tick,
        on_stop=lambda killed: watcher.stopping(killed=killed),
        whole_lines=False,
    )
    if finished.interrupted:
        raise InterruptedRunError(f"{command} was interrupted; nothing was changed in AWS")
    shown.end()
    if finished.code == 0 and shown.is_whole and digest == file_digest(plan):
        _LATEST.clear()
        _LATEST[digest] = shown
    return shown, finished


def document_of(binary: Binary, plan: Path, folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """The whole document of a saved plan. Raises TfgenError."""
    said = bytearray()
    finished = run(
        show_argv(binary, str(plan.absolute())),
        cwd=folder,
        env=env,
        on_line=said.extend,
        on_stop=lambda _killed: None,
        whole_lines=False,
    )
    if finished.interrupted:
        raise InterruptedRunError("show was interrupted; nothing was changed in AWS")
    try:
        document = json.loads(bytes(said)[max(said.find(b"{"), 0) :]) if finished.code == 0 else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise TfgenError(f"{binary.product} show failed: the plan cannot be read")
    return document


def failed_show(finished: Finished, folder: Path, logs: Path) -> Run:
    """A `show` that has failed, as a run whose words are in a log; what it wrote to stdout are values, and dropped."""
    record = Record(root_modules(folder))
    with open_log(logs, "show") as log:
        log.write(os.fsencode(finished.stderr))
    return Run(command="show", finished=finished, record=record, log=log.path)


def may_say_more(summarizer: Summarizer, binary: Binary, version: str, arguments: Collection[str]) -> bool:
    """Whether the saved plan may say what its events do not: that costs a start of all providers."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    return (
        summarizer.needs_attributes()
        or bool(summarizer.unknown)
        or numbers >= _NOT_READ[binary.product]
        # No event tells what is deferred.
        or any(argument.lstrip("-").partition("=")[0] == "allow-deferral" for argument in arguments)
    )


def completed(summary: PlanSummary, shown: ShownPlan, summarizer: Summarizer, shared: Collection[str]) -> PlanSummary:
    """`summary` with what the plan itself says. Raises RefusedError for a format that is not known."""
    require_known_format(shown)
    return with_shown(summary, shown, summarizer.unclear, shared)


def require_known_format(shown: ShownPlan) -> None:
    """Raises RefusedError when the plan's format is not 1.x; none given is taken as known."""
    if shown.format and shown.format_numbers[:1] != FORMAT[:1]:
        raise RefusedError(
            f"the plan has format {shown.format[:20]}, and this tfgen knows {FORMAT[0]}.x",
            fix="use a newer tfgen, or an older Terraform (--terraform PATH)",
        )


def require_readable(shown: ShownPlan) -> None:
    """Raises RefusedError when what the plan does is not known, or it is not to be applied."""
    require_known_format(shown)
    planned = [f"not understood: {item}" for item in shown.unknown.result() if item.planned]
    if planned or not shown.is_whole:
        unknown = "; ".join(planned)
        raise RefusedError(f"what this plan does cannot be read{f' ({unknown})' if unknown else ''}", fix=_REVIEW)
    if shown.errored:
        raise RefusedError("this plan was left by a run that failed, so it is not complete", fix=_REVIEW)
    does = any(change.action not in ("no-op", "read") for change in shown.changes) or shown.actions
    if does and not shown.applyable:
        raise RefusedError("Terraform says that this plan cannot be applied", fix=_REVIEW)


def remarks(shown: ShownPlan, *, limited: bool) -> Iterable[str]:
    """What whoever applies the plan is to know of it; `limited`: to targets, so that it is not complete on purpose."""
    if shown.format_numbers > FORMAT:
        known = ".".join(map(str, FORMAT))
        yield f"the plan has format {shown.format[:20]}, and this tfgen knows {known}: what is new in it is named below"
    yield from list(deferred_lines(shown.deferred))[:_MOST_LINES]
    if (more := len(shown.deferred) - _MOST_LINES) > 0:
        yield f"{more} more are deferred"
    if shown.deferred or not (shown.complete or limited):
        yield "this plan is not complete: after the apply, run tfgen plan again"
    for item in shown.unknown.result():
        yield f"not understood: {item}"
