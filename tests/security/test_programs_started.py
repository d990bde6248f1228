"""By strace: whatever a branch brings, only git and Terraform are started, from where the machine has them.

`test_git_room` does the same for what git could be told to start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.e2e.tools import require_tool
from tests.functional.git_repo import git
from tests.security.git_estate import READING, Estate, make_estate

PROGRAMS = (
    *(
        "git",
        "git-remote-https",
        "terraform",
        "tofu",
        "terraform-provider-aws",
        "python",
        "python3",
        "sh",
        "bash",
        "env",
    ),
    *("mise", "tfenv", "tfswitch", "direnv", "ssh", "pager", "packer", "ansible", "uname", "ldconfig"),
)
HOOKS = (
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-auto-gc",
    "fsmonitor-watchman",
    "pre-commit",
)
MODULES = ("sitecustomize", "usercustomize", "yaml", "msgspec", "tomllib", "jinja2", "encodings", "tfgen", "fcntl")
COMMANDS = (*READING, ("sync",), ("plan", "--untrusted", "--base", "origin/main"))


def _configurations(made: Estate) -> None:
    """Files by which tools choose other programs."""
    program = made.root / "bin/terraform"
    write_tree(
        made.root,
        {
            ".terraformrc": f'provider_installation {{ dev_overrides {{ "hashicorp/aws" = "{program.parent}" }} }}\n',
            ".terraform.d/plugins/linux_amd64/terraform-provider-aws": "#!/bin/sh\n",
            ".tool-versions": f"terraform path:{program.parent}\n",
            ".mise.toml": f'[tools]\nterraform = "path:{program.parent}"\n[hooks]\nenter = "{program}"\n',
            ".envrc": f"{program}\n",
            ".gitattributes": "* filter=x diff=x merge=x\n",
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{program}\n\tupdate = !{program}\n',
            ".gitconfig": f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n",
            ".ansible.cfg": f"[defaults]\nvault_password_file = {program}\n",
            "packer/hook.json": '{"builders": [{"type": "null"}], "post-processors": [{"type": "shell-local"}]}',
        },
    )


def _hooks_and_modules(made: Estate) -> None:
    """What git runs by itself, and what Python would import from the folder that it stands in."""
    for name in HOOKS:
        made.program(made.top / ".git/hooks" / name, "exit 0")
    body = f"open({str(made.mark)!r}, 'w')\n"
    write_tree(made.root, {f"{name}.py": body for name in MODULES})
    write_tree(made.root, {"packer/x.json": JSON, "bin/activate": body})


def _bare_repositories(made: Estate) -> None:
    """Repositories among the files, in each folder that git is asked about."""
    evil = made.evil_commit()
    program = made.program(made.root / "bin/filter", "cat")
    settings = f'\tfsmonitor = {program}\n\thooksPath = {program.parent}\n[filter "x"]\n\tprocess = {program}\n'
    for folder in (made.root, made.root / "packer", made.root / "terraform/pipelines"):
        made.fake_bare(folder, evil, settings=settings)
    write_tree(made.root, {".gitattributes": "* filter=x\n", "packer/.gitattributes": "* filter=x\n"})


TREES: dict[str, Callable[[Estate], None]] = {
    "configurations": _configurations,
    "hooks and modules": _hooks_and_modules,
    "bare repositories": _bare_repositories,
}


@pytest.mark.parametrize("tree", TREES)
def test_only_git_and_terraform(
    repo: Repo, cli: Command, tfgen: Command, tree: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tool("strace")
    monkeypatch.chdir(Path.cwd())  # it comes back at the end
    made = make_estate(repo, cli, tfgen, "infra")
    for name in PROGRAMS:
        made.program(made.root / "bin" / name)
    TREES[tree](made)
    made.commit()
    terraform = os.path.realpath(shutil.which("terraform") or shutil.which("tofu") or "")
    monkeypatch.setenv("PATH", f"{made.root}/bin:bin::.:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # as the installed command has it
    made.mark.unlink(missing_ok=True)
    seen: set[str] = set()
    for arguments in COMMANDS:
        made.stale()
        started = programs(made, *arguments)
        seen |= started
        unknown = {program for program in started if not is_known(program, terraform, made.top)}
        assert not unknown, (arguments, unknown)
        made.require_unmarked()
    assert "git" in {Path(program).name for program in seen}


def programs(made: Estate, *arguments: str) -> set[str]:
    """Every program that tfgen has started, as it was named; that of tfgen itself is not among them."""
    trace = made.top.parent / "trace"
    strace = (
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=execve,execveat",
        "-e",
        "signal=none",
        "-s",
        "4096",
        "-o",
        str(trace),
    )
    tracer = os.path.realpath(shutil.which(strace[0], path="/usr/bin:/bin:/usr/local/bin") or strace[0])
    done = subprocess.run(
        [tracer, *strace[1:], sys.executable, "-m", "tfgen", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1, 2, 3), done.stderr
    lines = [line for line in trace.read_text().splitlines() if "execve" in line and "resumed>" not in line]
    return {line.split('"')[1] for line in lines[1:]}


def is_known(program: str, terraform: str, top: Path) -> bool:
    """Whether it is git or Terraform (or Python with that in it), from outside of the repository."""
    real = os.path.realpath(program)
    if not Path(program).is_absolute() or Path(real).is_relative_to(top):
        return False
    embedded = Path(program).name == "tfgen-terraform" or real == os.path.realpath(sys.executable)
    return Path(program).name == "git" or real == terraform or (not terraform and embedded)


def test_the_trace_sees_a_program(repo: Repo, cli: Command, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("strace")
    monkeypatch.chdir(Path.cwd())
    made = make_estate(repo, cli, tfgen, "infra")
    started = programs(made, "affected", "--base", "origin/main")
    assert {Path(program).name for program in started} == {"git"}
    assert not is_known(str(made.program(made.root / "bin/git")), "", made.top)
    assert git(made.top, "status", "--short").strip() == "?? infra/bin/"
