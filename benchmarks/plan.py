"""`tfgen plan` beside bare `terraform init && terraform plan`: the real provider, the shipped module, the emulator."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trees
from measure import Contender, Row, Timing, compare, say

ROOT = Path(__file__).resolve().parents[1]
#: Issue 4's limits: plan where nothing needs init, and where it does; `--changed` of one new image among so many.
READY, FRESH = 0.85, 1.05
CHANGED = {100: 0.30, 200: 0.25}
MEMORY_MB = 80.0

_TFGEN = str(Path(sys.executable).with_name("tfgen"))
_EMULATED = ("packer", "terraform")


@dataclass(frozen=True, kw_only=True)
class _Machine:
    """Where all of it runs: a folder, the environment, the emulator's override, Terraform itself."""

    folder: Path
    env: dict[str, str]
    override: str
    terraform: tuple[str, ...]


def bench_plan(sizes: Sequence[int] = tuple(CHANGED), rounds: int = 10) -> list[Row]:
    """Every ratio of issue 4's `Speed`; the estates of `sizes` images are planned fewer times."""
    with _machine() as machine:
        rows = _shipped(machine, rounds)
        for size in sizes:
            rows += _changed(machine, size, max(2, rounds // 3))
        return [*rows, _flood(machine)]


def _shipped(machine: _Machine, rounds: int) -> list[Row]:
    """The shipped estate of two images, applied: once with nothing to init, once with all of it."""
    by_hand, ours = (_estate(machine, name) for name in ("by-hand", "ours"))
    fresh_hand, fresh_ours = (_estate(machine, name) for name in ("fresh-by-hand", "fresh-ours"))
    times = compare(
        [
            Contender(name="bare", argv=_bare(machine), cwd=_module(by_hand)),
            Contender(name="tfgen", argv=[_TFGEN, "plan"], cwd=ours),
            Contender(name="plan alone", argv=_plan(machine), cwd=_module(by_hand)),
            Contender(
                name="fresh bare", argv=_bare(machine), cwd=_module(fresh_hand), prepare=lambda: _forget(fresh_hand)
            ),
            Contender(name="fresh tfgen", argv=[_TFGEN, "plan"], cwd=fresh_ours, prepare=lambda: _forget(fresh_ours)),
        ],
        rounds=rounds,
        env=machine.env,
    )
    for name, timing in times.items():
        say(f"{name}, wall", timing.wall)
    bare = "terraform init && terraform plan"
    return [
        _ratio(f"tfgen plan, nothing needs init / {bare}", times["tfgen"], times["bare"], READY),
        _ratio(f"tfgen plan, init needed / {bare}", times["fresh tfgen"], times["fresh bare"], FRESH),
        _ratio("tfgen plan, nothing needs init / terraform plan alone", times["tfgen"], times["plan alone"]),
    ]


def _changed(machine: _Machine, size: int, rounds: int) -> list[Row]:
    """`size` images, all but one committed; the last one is new. Nothing is applied: that takes far longer."""
    root = machine.folder / f"images-{size}"
    paths = trees.plant(root, size, json_only=True)
    new = root / paths[-1]
    kept = new.read_bytes()
    new.unlink()
    _emulate(machine, root)
    _tfgen(machine, root, "sync")
    trees.settle(root)
    subprocess.run(["git", "checkout", "--quiet", "-b", "one-more"], cwd=root, check=True)
    new.write_bytes(kept)
    _tfgen(machine, root, "sync")
    shown = json.loads(_tfgen(machine, root, "plan", "--changed", "--format", "json"))
    if [(image["name"], image["action"]) for image in shown["images"]] != [(shown["targets"][0], "created")]:
        raise SystemExit(f"--changed does not plan the one new image: {shown}")
    times = compare(
        [
            Contender(name="bare", argv=_bare(machine), cwd=_module(root)),
            Contender(name="changed", argv=[_TFGEN, "plan", "--changed"], cwd=root),
            Contender(name="whole", argv=[_TFGEN, "plan"], cwd=root),
        ],
        rounds=rounds,
        env=machine.env,
    )
    for name, timing in times.items():
        say(f"{name}, {size} images, wall", timing.wall)
        say(f"{name}, {size} images, CPU", timing.cpu)
    bare, changed = times["bare"], times["changed"]
    peak = _peak(machine, root, [_TFGEN, "plan"])
    cpu = changed.cpu / bare.cpu
    return [
        _ratio(f"tfgen plan --changed, 1 new of {size} images / bare full plan", changed, bare, CHANGED.get(size)),
        Row(name=f"tfgen plan --changed, 1 new of {size} images / bare full plan (CPU)", measured=cpu),
        _ratio(f"tfgen plan, {size} images / bare full plan", times["whole"], bare),
        Row(name=f"tfgen plan, {size} images, peak MB of our own process", measured=peak, limit=MEMORY_MB),
    ]


def _flood(machine: _Machine) -> Row:
    """Our own peak when Terraform prints 200 MB, most of it one line."""
    root = _estate(machine, "flood")
    fake = machine.folder / "flood.sh"
    line = '{"@level":"info","type":"planned_change","@message":"' + "x" * 2000 + '"}'
    floods = (f"yes '{line}' | head -c 100000000", "head -c 100000000 /dev/zero | tr '\\0' y", "exit 1")
    fake.write_text(f'#!/bin/sh\ncase $1 in plan)\n  {"; ".join(floods)};;\nesac\nexec {machine.terraform[0]} "$@"\n')
    fake.chmod(0o755)
    peak = _peak(machine, root, [_TFGEN, "plan", "--terraform", str(fake)])
    return Row(name="tfgen plan, Terraform prints 200 MB, peak MB of our own process", measured=peak, limit=MEMORY_MB)


def _ratio(name: str, ours: Timing, theirs: Timing, limit: float | None = None) -> Row:
    return Row(name=f"{name} (wall)", measured=ours.wall / theirs.wall, limit=limit)


@contextmanager
def _machine() -> Iterator[_Machine]:
    from tfgen.emulator.environment import terraform_environment
    from tfgen.emulator.override import override_text
    from tfgen.emulator.provider import write_cli_config
    from tfgen.emulator.server import Emulator
    from tfgen.terraform.binary import find_terraform

    with tempfile.TemporaryDirectory(prefix="tfgen-bench-") as name, Emulator() as emulator:
        folder = Path(name)
        home = folder / "home"
        home.mkdir()
        yield _Machine(
            folder=folder,
            env=terraform_environment(home, write_cli_config(folder / "config")),
            override=override_text(emulator),
            terraform=find_terraform().argv,
        )


def _estate(machine: _Machine, name: str) -> Path:
    """A copy of the shipped estate, with the module for the provider that is there; initialised."""
    root = machine.folder / name
    for part in _EMULATED:
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    shutil.copyfile(ROOT / "tfgen.toml", root / "tfgen.toml")
    modules = root / "terraform" / "modules"
    shutil.rmtree(modules / "codepipeline")
    (modules / "codepipeline_v1").rename(modules / "codepipeline")
    _emulate(machine, root)
    _tfgen(machine, root, "plan")
    return root


def _emulate(machine: _Machine, root: Path) -> None:
    (_module(root) / "tfgen_emulator_override.tf").write_text(machine.override)


def _forget(root: Path) -> None:
    """As after a fresh check-out."""
    for path in (_module(root) / ".terraform", root / ".tfgen"):
        shutil.rmtree(path, ignore_errors=True)
    (_module(root) / ".terraform.lock.hcl").unlink(missing_ok=True)


def _module(root: Path) -> Path:
    return root / "terraform" / "pipelines"


def _plan(machine: _Machine) -> list[str]:
    return [*machine.terraform, "plan", "-input=false", "-out=../../by-hand.tfplan"]


def _bare(machine: _Machine) -> list[str]:
    binary = machine.terraform[0]
    return ["sh", "-c", f'"{binary}" init -input=false && "{binary}" plan -input=false -out=../../by-hand.tfplan']


def _tfgen(machine: _Machine, root: Path, *arguments: str) -> str:
    done = subprocess.run([_TFGEN, *arguments], cwd=root, env=machine.env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tfgen {' '.join(arguments)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


def _peak(machine: _Machine, root: Path, argv: Sequence[str]) -> float:
    """The highest resident memory in MB of the process itself: what wait4 says counts its children, too."""
    process = subprocess.Popen(argv, cwd=root, env=machine.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks = [0.0]

    def watch() -> None:
        while process.poll() is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    peaks.append(int(line.split()[1]) * 1024 / 1e6)
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    watcher.join()
    return max(peaks)
