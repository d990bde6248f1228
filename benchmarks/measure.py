"""Timing of whole processes, side by side: each round runs every command once, so that both meet the same machine."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Medians in seconds."""

    wall: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Contender:
    name: str
    argv: Sequence[str]
    cwd: Path | None = None


def compare(contenders: Sequence[Contender], *, rounds: int, env: Mapping[str, str]) -> dict[str, Timing]:
    """Runs the contenders in turn, `rounds` times after one round that does not count."""
    walls: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    cpus: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            wall, cpu = _once(contender, env)
            if number:
                walls[contender.name].append(wall)
                cpus[contender.name].append(cpu)
    return {name: Timing(wall=statistics.median(walls[name]), cpu=statistics.median(cpus[name])) for name in walls}


def _once(contender: Contender, env: Mapping[str, str]) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(contender.argv, cwd=contender.cwd, env=env, capture_output=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 2):
        raise SystemExit(f"{contender.name} failed ({done.returncode}):\n{os.fsdecode(done.stdout + done.stderr)}")
    return wall, (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
