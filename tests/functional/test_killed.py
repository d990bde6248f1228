"""kill -9 at random points of sync: never a half-written or a missing file, and the next sync converges."""

from __future__ import annotations

import os
import random
import signal
import time
import tomllib
from typing import TYPE_CHECKING

from tests import depth
from tests.conftest import JSON, TOML, Command, Repo
from tfgen.main import run
from tfgen_generators.generated.ownership import examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLS = depth.amount(40, 200)
TEMPLATES = 12


@depth.deep
def test_two_hundred_kills(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, **{f"packer/t{number}.json": template(number) for number in range(TEMPLATES)}})
    cli("sync").expect(0)
    chance = random.Random(20)
    whole = min(duration(lambda: touch(root, chance)) for _ in range(5))  # too short a time still shows something
    died = 0
    for _ in range(KILLS):
        before = generated(root)
        change(root, chance)
        died += killed_sync(chance.uniform(0, 1.2 * whole))
        after = generated(root)
        assert {examine(text).state for text in after.values()} <= {"ours"}
        tomllib.loads((root / "tfgen.toml").read_text())
        sources = {examine(text).source for text in before.values()}
        stayed = {path for path in sources if (root / path).exists()}
        assert stayed <= {examine(text).source for text in after.values()}, "a file is missing"
        cli("sync").expect(0)
        cli("sync", "--check").expect(0)
        assert {examine(text).source for text in generated(root).values()} == templates(root)
        assert list(root.glob("**/.tfgen-new-*")) == []
    assert died > KILLS / 4, "nearly all were done before the kill: nothing was shown"


def template(number: int) -> str:
    return JSON.replace("amazon-ebs", f"amazon-{number}")


def generated(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.glob("terraform/pipelines/*.gen.tf")}


def templates(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.glob("packer/**/*.json")}


def change(root: Path, chance: random.Random) -> None:
    """One of: every file is stale; templates come, go and move."""
    touch(root, chance)
    there = sorted(root.glob("packer/**/*.json"))
    number = chance.randrange(10**6)
    if chance.random() < 0.5:
        (root / f"packer/n{number}.json").write_text(template(number))
    if len(there) > TEMPLATES:
        chance.choice(there).unlink()
    if chance.random() < 0.5:
        moved = chance.choice(sorted(root.glob("packer/**/*.json")))
        target = root / f"packer/moved{number}" / moved.name
        target.parent.mkdir()
        moved.rename(target)


def touch(root: Path, chance: random.Random) -> None:
    """Makes every generated file stale."""
    settings = root / "tfgen.toml"
    lines = [line for line in settings.read_text().splitlines() if not line.startswith("branch")]
    settings.write_text("\n".join([f'branch = "b{chance.randrange(10**6)}"', *lines]) + "\n")


def duration(prepare: Callable[[], None]) -> float:
    """Seconds that a whole sync takes in a forked process."""
    prepare()
    started = time.monotonic()
    os.waitpid(forked_sync(), 0)
    return time.monotonic() - started


def killed_sync(after: float) -> bool:
    """Runs sync in a process of its own, kills it after so many seconds; whether it was still at work."""
    child = forked_sync()
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def forked_sync() -> int:
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        os._exit(run(["sync"]))
    return child
