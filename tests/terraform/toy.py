"""Repositories whose Terraform is real and whose resources are built in: what plans and applies share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect

from tests.conftest import JSON, TOY, Command, Files, Repo
from tests.prepared import prepared
from tfgen.terraform.binary import find_terraform

ESTATE = {**TOY, "packer/web.json": JSON, "packer/db.json": JSON}
STATE = "terraform/pipelines/terraform.tfstate"
#: A module whose apply takes as long as we need to interrupt it.
SLOW = """
resource "terraform_data" "first" {
  input = var.project_name
}

resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]

  provisioner "local-exec" {
    command = "touch '${abspath(path.root)}/begun' && sleep 60"
  }
}
"""


#: What a test may begin after (`after`).
SYNC, PLAN, APPLY = ("sync",), ("plan", "--out", "saved"), ("apply", "saved")


def after(repo: Repo, tfgen: Command, files: Files, *commands: tuple[str, ...]) -> Path:
    """A repository of these files after these commands, each of which has done what it should."""

    if not commands:
        return repo(files)

    def make() -> Path:
        root = after(repo, tfgen, files, *commands[:-1])
        tfgen(*commands[-1]).expect(0)
        return root

    return prepared(repo, make, files, *commands)


def resources(root: Path) -> list[str]:
    state = json.loads((root / STATE).read_text())
    return sorted(f"{item.get('module', '')}.{item['name']}" for item in state["resources"])


def terminal(*arguments: str, **environment: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "tfgen", *arguments],
        env={**os.environ, "TERM": "xterm", **environment},
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 120),
    )


def slow_estate(repo: Repo, tfgen: Command) -> Path:
    module = TOY["terraform/modules/codepipeline/main.tf"] + SLOW
    files = {**TOY, "terraform/modules/codepipeline/main.tf": module, "packer/web.json": JSON}
    return after(repo, tfgen, files, SYNC, PLAN)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def start(*arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    """tfgen as a process of its own."""
    return subprocess.Popen(
        [*before, sys.executable, "-m", "tfgen", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stubborn_terraform(root: Path, command: str) -> Path:
    """The real Terraform, but `command` ignores its interrupt and never ends."""
    real = find_terraform().argv[0]
    file = root / "stubborn"
    never = "trap '' INT; touch begun; while :; do sleep 0.1; done"
    file.write_text(f'#!/bin/sh\ncase $1 in {command}) {never};; esac\nexec "{real}" "$@"\n')
    file.chmod(0o755)
    return file


def faulty_terraform(root: Path, command: str, fault: str) -> str:
    """The real Terraform, but for `command`."""
    file = root / "faulty"
    file.write_text(f'#!/bin/sh\ncase $1 in {command}) {fault};; esac\nexec "{find_terraform().argv[0]}" "$@"\n')
    file.chmod(0o755)
    return str(file)


def three_steps(repo: Repo, tfgen: Command) -> Path:
    """An apply that goes on for more than a second, resource after resource."""
    steps = "".join(
        f'resource "terraform_data" "s{n}" {{\n  depends_on = [terraform_data.s{n - 1}]\n\n'
        f'  provisioner "local-exec" {{\n    command = "touch \'${{abspath(path.root)}}/begun\'; sleep 0.5"\n  }}\n}}\n'
        for n in (1, 2, 3)
    )
    module = TOY["terraform/modules/codepipeline/main.tf"] + 'resource "terraform_data" "s0" {\n}\n' + steps
    files = {**TOY, "terraform/modules/codepipeline/main.tf": module, "packer/web.json": JSON}
    return after(repo, tfgen, files, SYNC, PLAN)


def applied_whole(root: Path) -> None:
    assert len(resources(root)) == 5
    assert not (root / "terraform/pipelines/.terraform.tfstate.lock.info").exists()


def processes_in(root: Path) -> dict[int, str]:
    """The command lines of all other processes whose working folder is in `root`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and (process / "cwd").readlink().is_relative_to(root):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended
    return found
