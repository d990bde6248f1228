"""Text of others in a CI's log commands nothing there: no workflow command, no escape sequence."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, Result
from tests.terraform.toy import ESTATE, SYNC, after, faulty_terraform
from tfgen import console
from tfgen.build.progress import PlainTeller
from tfgen.state import errored

ROOT = "terraform/pipelines"
#: What GitHub's runner, Azure Pipelines and TeamCity would obey.
COMMANDS = [
    "::add-mask::x",
    "  ::set-output name=a::b",
    "\t::warning file=a::b",
    "\u2003::error::x",
    "::stop-commands::x",
    "##[add-mask]x",
    "text ##[set-env name=PATH]x",
    "##[group]x",
    "##vso[task.setvariable variable=PATH]x",
    "###[error]x",
    "##teamcity[buildStatus status='SUCCESS']",
]
HARMLESS = [
    "::1 localhost",
    "a::b",
    "provider::aws::arn_parse(x)",
    "# a ## b ### c",
    "#[x]",
    "::",
    "10.0.0.0/8",
    "a: b",
]


def acts(text: str) -> list[str]:
    """The lines in which a runner finds a command: TryParseV2 and TryParse of actions/runner, and others' prefixes.

    A line ends for some readers of logs where Unicode says so.
    """
    return [
        line
        for line in re.split("\r\n|[\r\n\v\f\x85\u2028\u2029]", text)
        if re.match(r"::[A-Za-z]", line.lstrip("\ufeff").lstrip()) or re.search(r"##[A-Za-z]*\[", line)
    ]


def controls(text: str) -> list[str]:
    return re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def require_tame(*texts: str) -> None:
    for text in texts:
        assert acts(text) == []
        assert controls(text) == []


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "around",
    ["{}", "before\n{}\nafter", "before\r{}", "\x1b[0m\n{}", "\n\n{}", "before\u2028{}", "before\u2029{}", "\ufeff{}"],
)
def test_a_command_is_shown_and_not_obeyed(command: str, around: str) -> None:
    text = around.format(command)
    assert acts(text)
    shown = console.printable(text)
    require_tame(shown)
    assert shown.count("\n") == text.count("\n")
    assert console.printable(shown) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert console.printable(text) == text


@pytest.mark.parametrize("command", [*COMMANDS, "\x1b[31m", "\x9b31m", "\u202e"])
def test_in_json_it_means_what_it_did(command: str) -> None:
    document = {"name": command, command: [f"a\n{command}"]}
    shown = console.printable_json(json.dumps(document, indent=2, ensure_ascii=False))
    require_tame(shown)
    assert json.loads(shown) == document


def test_a_long_line_takes_no_longer() -> None:
    for text in ("#" * 300_000, "##" + "a" * 300_000, "\n" * 300_000 + ":", " " * 300_000 + ":", "##a" * 100_000):
        assert console.printable(text) == text


@pytest.mark.parametrize("name", ["out", "note"])
def test_what_a_person_sees(capsys: pytest.CaptureFixture[str], name: str) -> None:
    getattr(console, name)("\n".join(COMMANDS))
    console.out_table(["a"], [[command] for command in COMMANDS])
    console.out_diff("\n".join(f" {command}" for command in COMMANDS))
    console.out_json(COMMANDS)
    captured = capsys.readouterr()
    require_tame(captured.out, captured.err)


def test_the_log_of_a_build(capsys: pytest.CaptureFixture[str]) -> None:
    teller = PlainTeller(["web"])
    for command in COMMANDS:
        teller.log("web", command)
        teller.log("web", f"x\n{command}")
        teller.says("web", f"x\n{command}")
    captured = capsys.readouterr()
    require_tame(captured.out, captured.err)


EVENT = {"@level": "error", "@message": "Error", "type": "diagnostic"}


def test_what_terraform_says(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    texts = "\n".join([*COMMANDS, "\x1b[2K\r::error::x"])
    diagnostic = {"severity": "error", "summary": texts, "detail": texts, "address": texts}
    (root / "events").write_text(f"{json.dumps({**EVENT, 'diagnostic': diagnostic})}\n{texts}\n")
    for command in ("plan", "init"):
        fault = f"cat {root}/events; cat {root}/events >&2; exit 1"
        failed = tfgen("plan", "--terraform", faulty_terraform(root, command, fault)).expect(1)
        require_tame(failed.out, failed.err)
        log = max((root / ".tfgen/log").glob(f"*-{command}-*.log")).read_bytes()
        assert log.count((root / "events").read_bytes()) == 2, "what we do not know is kept as it is"
        (root / ".tfgen/cache/init").unlink(missing_ok=True)


def test_a_state_that_is_printed_can_be_read_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    state = {"version": 4, "serial": 1, "lineage": "x", "resources": [], "outputs": {"a": {"value": COMMANDS}}}
    printed = console.printable_json(json.dumps(state))
    require_tame(printed)
    found = re.search(errored._PRINTED, f"{errored.BEGIN}\n{printed}\n{errored.END}".encode())
    assert found is not None
    assert json.loads(found[1]) == state


def findings(repo: Repo, cli: Command, format_: str) -> Result:
    """Of a template whose name, and whose words, are commands."""
    bad = "##[add-mask]x.json"
    text = json.dumps(
        {"builders": [{"type": "amazon-ebs"}], "provisioners": [{"type": "shell", "script": "x\n::error::y"}]}
    )
    repo({**ESTATE, f"packer/{bad}": text, "packer/::error::z.json": text})
    return cli("lint", "--format", format_)


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "junit"])
def test_what_lint_says(repo: Repo, cli: Command, format_: str) -> None:
    result = findings(repo, cli, format_)
    assert "add-mask" in result.out
    require_tame(result.out, result.err)
    if format_ in ("json", "sarif"):
        json.loads(result.out)
    elif format_ == "junit":
        ElementTree.parse(io.StringIO(result.out))


def test_what_lint_says_to_github_are_its_own_commands(repo: Repo, cli: Command) -> None:
    result = findings(repo, cli, "github")
    lines = result.out.splitlines()
    assert lines
    for line in lines:  # the runner takes `::` first, and then looks for nothing else in the line
        assert re.match(r"::(error|warning|notice) file=[^:]*::", line)
    assert controls(result.out) == []


@pytest.mark.parametrize("arguments", [("list",), ("list", "--format", "json"), ("sync", "--check"), ("graph",)])
def test_names_of_files(repo: Repo, cli: Command, arguments: tuple[str, ...]) -> None:
    findings(repo, cli, "text")
    result = cli(*arguments)
    require_tame(result.out, result.err)
