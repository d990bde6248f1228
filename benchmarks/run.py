"""`make bench`: every figure that tfgen promises, as a ratio against a peer in the same run.

    python benchmarks/run.py                            all
    python benchmarks/run.py help                       one (help, sync, affected, lint, page, prune, status, plan)
    python benchmarks/run.py sync --sizes 10 100        sync on smaller trees

Run it while nothing else runs. The limits stand in the table; nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import affected
import bench_prune
import bench_status
import bench_status_page
import lint
import plan
import sync
from measure import Contender, Row, compare, say

ROOT = Path(__file__).resolve().parents[1]


def bench_help() -> list[Row]:
    """CPU time of `tfgen --help` over that of importing what it is made of."""
    tfgen = str(Path(sys.executable).with_name("tfgen"))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = compare(
        [
            Contender(name="bare", argv=[sys.executable, "-c", "import typer, rich.console"]),
            Contender(name="help", argv=[tfgen, "--help"]),
            Contender(name="list", argv=[tfgen, "list"], cwd=ROOT),
            Contender(name="check", argv=[tfgen, "sync", "--check"], cwd=ROOT),
        ],
        rounds=20,
        env=env,
    )
    bare = times["bare"].cpu
    say("import typer, rich.console", bare)
    return [
        Row(name="tfgen --help / import typer, rich.console (CPU)", measured=times["help"].cpu / bare, limit=1.6),
        Row(name="tfgen list / the same (CPU)", measured=times["list"].cpu / bare),
        Row(name="tfgen sync --check / the same (CPU)", measured=times["check"].cpu / bare),
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="tfgen's figures, as ratios against peers in the same run")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default; an unknown one lists them")
    parser.add_argument("--sizes", nargs="+", type=int, default=sync.SIZES, help="of sync's trees, in templates")
    parser.add_argument("--images", nargs="*", type=int, default=list(plan.CHANGED), help="of plan's estates")
    parser.add_argument("--rounds", type=int, default=7, help="of sync")
    return parser.parse_args()


def main() -> None:
    options = _options()
    # sync before plan: a child's peak memory is never below its parent's, and the emulator makes this process large.
    benchmarks: dict[str, Callable[[], list[Row]]] = {
        "help": bench_help,
        "sync": lambda: sync.bench_sync(options.sizes, options.rounds),
        "affected": affected.bench_affected,
        "lint": lint.bench_lint,
        "page": bench_status_page.bench_status_page,
        "prune": bench_prune.bench_prune,
        "status": bench_status.bench_status,
        "plan": lambda: plan.bench_plan(options.images),
    }
    if unknown := sorted({*options.names} - {*benchmarks}):
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(benchmarks)}")
    print("| ratio | measured | at most |\n|---|---|---|", flush=True)
    for name, bench in benchmarks.items():
        for row in bench() if name in (options.names or benchmarks) else ():
            print(row, flush=True)  # at once: all take half an hour, and may be stopped


if __name__ == "__main__":
    main()
