"""The page of `tfgen status`, its CPU time over that of the same report as JSON, and its size.

    python benchmarks/bench_status_page.py

The peer is json.dumps with an indentation, which is what `--format json` does. Nothing here fails a build.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec

from measure import Row, say
from tests import status_reports as reports
from tfgen.status.page.render import render

_ROUNDS = 9


def bench_status_page(sizes: tuple[int, ...] = (200, 1000)) -> list[Row]:
    """Twenty executions, a long reason and up to four differences for each image."""
    rows: list[Row] = []
    for size in sizes:
        report = reports.many(size)
        document = msgspec.to_builtins(report)
        pages, dumps = _times(partial(render, report), partial(json.dumps, document, indent=2))
        say(f"a page of {size} images (CPU)", pages)
        rows.append(Row(name=f"page / json.dumps, {size} images (CPU)", measured=pages / dumps))
        limit = 300 if size == 200 else None
        rows.append(Row(name=f"page of {size} images, kB", measured=len(render(report).encode()) / 1000, limit=limit))
    return rows


def _times(*calls: Callable[[], object]) -> list[float]:
    """Medians of CPU seconds, in turn, after one round that does not count."""
    found: list[list[float]] = [[] for _ in calls]
    for number in range(_ROUNDS + 1):
        for times, call in zip(found, calls, strict=True):
            start = time.process_time()
            call()
            if number:
                times.append(time.process_time() - start)
    return [statistics.median(times) for times in found]


if __name__ == "__main__":
    print("| ratio | measured | at most |\n|---|---|---|")
    for row in bench_status_page():
        print(row)
