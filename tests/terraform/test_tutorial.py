"""docs/tutorial.md, run as it is written: from an empty folder to a plan on the emulator."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.documented import console_blocks
from tfgen.emulator.override import write_override
from tfgen.workspace import open_workspace

if TYPE_CHECKING:
    from tests.conftest import Command, Result
    from tests.terraform.conftest import Estate

MOST_COMMANDS, MOST_SECONDS = 5, 60


def test_the_tutorial(estate: Estate, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.chdir(tmp_path)
    shown = console_blocks("docs/tutorial.md")
    single = [command for line in shown for command in line.split(" && ")]
    assert len([command for command in single if not command.startswith("cd ")]) <= MOST_COMMANDS
    begun = sum(os.times()[:4])
    for line, output in shown.items():
        results = [_run(command, cli, monkeypatch) for command in line.split(" && ")]
        printed = "".join(one.out + one.err for one in results if one is not None)
        if line == "tfgen init":
            write_override(open_workspace().terraform_dir, estate.emulator)  # what makes AWS the emulator
        for expected in output.splitlines():
            assert expected in printed.splitlines(), f"{line}: {printed}"
    assert sum(os.times()[:4]) - begun < MOST_SECONDS
    assert cli("lint").expect(0).err == "no findings in 1 template\n"


def _run(command: str, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Result | None:
    program, *arguments = shlex.split(command)
    if program == "tfgen":
        return cli(*arguments).expect(0)
    if program == "cd":
        monkeypatch.chdir(Path.cwd() / arguments[0])
    else:
        subprocess.run([program, *arguments], check=True)
    return None
