"""`tfgen prune FILE` killed at calls of AWS, as a process: the next run finishes it, or an undo takes it back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import depth
from tests.conftest import JSON, Repo
from tests.terraform.pruned_amis import HERE, HOOK, THERE, WRITES, PrunedAmis, quick
from tfgen.emulator.server import Emulator
from tfgen.main import run
from tfgen.prune.acting.journal import own_runs

TOML = """\
source_repository = "ami-builder"

[retention]
keep_last = 0
deprecate = "30d"
disable = "60d"
deregister = "90d"
"""
FILES = {"tfgen.toml": TOML, "packer/web.json": JSON}
_PLAN = ("prune", "--region", HERE, "--region", THERE, "--out", "p.json")


@pytest.fixture(autouse=True)
def _quick(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick(emulator, monkeypatch)
    with HOOK.installed():
        yield


def killed(number: int, *, after: bool) -> int:
    """The run in a process that ends before or after its call of that number; its exit code, 9 where it was."""
    child = os.fork()
    if child == 0:
        HOOK.reset()

        def end(at: int, *_: Any) -> None:
            if at == number:
                os._exit(9)

        HOOK.before, HOOK.after = (None, end) if after else (end, None)
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        code = 99
        try:
            code = run(["prune", "p.json"])
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@depth.deep
def test_killed_at_a_call_the_next_run_finishes_or_takes_back(
    emulator: Emulator, repo: Repo, capfd: pytest.CaptureFixture[str]
) -> None:
    """At every call under --deep, with a table; else at some of those that change something."""
    root = repo(FILES)
    _begun(emulator, root)
    HOOK.reset()
    assert run(["prune", "p.json"]) == 0
    names = [operation for _, operation, _ in HOOK.seen]
    wanted = _shape(PrunedAmis(emulator=emulator))
    writes = [at for at, name in enumerate(names, 1) if name.startswith(WRITES)]
    assert len(writes) == 8
    chosen = range(1, len(names) + 1) if depth.is_on() else writes[3:4]  # a snapshot whose AMI is gone
    rows: list[str] = []
    for number in chosen:
        # Before a call is after the one before it, but for what is written to the journal in between.
        for after in (False, True) if depth.is_on() and number in writes else (depth.is_on(),):
            takes_back = depth.is_on() and bool((number + after) % 2)
            estate, before = _begun(emulator, root)
            assert killed(number, after=after) == 9
            _require_records(root, before, estate)
            if takes_back:
                for each in list(own_runs(root / ".tfgen/prune")):
                    assert run(["prune", "--undo", each.name]) == 0
                assert _both(estate) == before, (number, after)
            else:
                assert run(["prune", "p.json"]) == 0
                assert _shape(estate) == wanted, (number, after)
            end = "taken back, as before" if takes_back else "finished, as without a kill"
            rows.append(f"{number:4} {'after' if after else 'before':6} {names[number - 1]:32} {end}")
    if depth.is_on():
        with capfd.disabled():
            print("\nkilled at call                              and then", *rows, sep="\n")


def _begun(emulator: Emulator, root: Path) -> tuple[PrunedAmis, Any]:
    emulator.reset()
    for each in (root / ".tfgen/prune").glob("*"):
        each.unlink()
    estate = PrunedAmis(emulator=emulator)
    estate.small()
    assert run(list(_PLAN)) == 0
    return estate, _both(estate)


def _both(estate: PrunedAmis) -> Any:
    return {region: estate.state(region) for region in (HERE, THERE)}


def _shape(estate: PrunedAmis) -> Any:
    """What is there by names, without ids and times."""
    return {
        region: (
            sorted((each["Name"], each["State"], "DeprecationTime" in each) for each in found["amis"].values()),
            len(found["snapshots"]),
        )
        for region, found in _both(estate).items()
    }


def _require_records(root: Path, before: Any, estate: PrunedAmis) -> None:
    """Each AMI and snapshot that is gone stands in a journal."""
    known: set[str] = set()
    for each in own_runs(root / ".tfgen/prune"):
        known |= {record.ami for record in each.records.values()}
        known |= {one.id for record in each.records.values() for one in record.snapshots}
    now = _both(estate)
    for region, then in before.items():
        for kind in ("amis", "snapshots"):
            assert then[kind].keys() - now[region][kind].keys() <= known
