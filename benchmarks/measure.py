"""Timing of whole processes, side by side: each round runs every command once, so that all meet the same machine."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Medians in seconds; `inner` is what the command timed itself.

    `peak` is the highest resident memory of any round in MB (10^6 bytes), and never below this process's own
    (Linux counts what the child shared with it before exec).
    """

    wall: float
    cpu: float
    peak: float
    inner: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One command. `prepare` runs before each time, untimed; one that `reports` prints its own seconds as JSON."""

    name: str
    argv: Sequence[str]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] | None = None
    codes: tuple[int, ...] = (0, 2)
    reports: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `measured` is text where it is a fact or was left out; `limit` None: only shown."""

    name: str
    measured: float | str
    limit: float | None = None

    def __str__(self) -> str:
        measured = self.measured if isinstance(self.measured, str) else f"{self.measured:.2f}"
        return f"| {self.name} | {measured} | {'-' if self.limit is None else f'{self.limit:g}'} |"


def compare(contenders: Sequence[Contender], *, rounds: int, env: Mapping[str, str]) -> dict[str, Timing]:
    """Runs the contenders in turn, `rounds` times after one round that does not count."""
    runs: dict[str, list[Timing]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            run = _once(contender, env)
            if number:
                runs[contender.name].append(run)
    return {name: _summary(timings) for name, timings in runs.items()}


def say(what: str, seconds: float) -> None:
    print(f"{what}: {seconds:.3f} s", file=sys.stderr)


def _summary(runs: list[Timing]) -> Timing:
    return Timing(
        wall=statistics.median(run.wall for run in runs),
        cpu=statistics.median(run.cpu for run in runs),
        peak=max(run.peak for run in runs),
        inner={key: statistics.median(run.inner[key] for run in runs) for key in runs[0].inner},
    )


def _once(contender: Contender, env: Mapping[str, str]) -> Timing:
    if contender.prepare:
        contender.prepare()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            contender.argv, cwd=contender.cwd, env={**env, **contender.env}, stdout=output, stderr=errors
        )
        # wait4 alone says what this one child, with its own children, has used.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text = output.read()
        if process.returncode not in contender.codes:
            said = os.fsdecode(text + errors.read())
            raise SystemExit(f"{contender.name} failed ({process.returncode}):\n{said}")
    inner: dict[str, float] = json.loads(text) if contender.reports else {}
    return Timing(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * 1024 / 1e6, inner=inner)
