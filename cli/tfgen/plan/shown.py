"""What a saved plan says of itself: `terraform show` of its bytes, once a process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfgen.terraform.argv import show_argv
from tfgen.terraform.binary import Binary
from tfgen.terraform.inputs import file_digest
from tfgen.terraform.processes.log import open_log
from tfgen.terraform.processes.process import Finished, run
from tfgen.terraform.reports.images import root_modules
from tfgen.terraform.reports.record import Record
from tfgen.terraform.reports.show import ShownPlan
from tfgen.terraform.watched import Run, Watcher
from tfgen_generators.errors import InterruptedRunError

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


def failed_show(finished: Finished, folder: Path, logs: Path) -> Run:
    """A `show` that has failed, as a run whose words are in a log; what it wrote to stdout are values, and dropped."""
    record = Record(root_modules(folder))
    with open_log(logs, "show") as log:
        log.write(os.fsencode(finished.stderr))
    return Run(command="show", finished=finished, record=record, log=log.path)
