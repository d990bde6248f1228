"""Lint in a repository that has never been linted: many findings, a baseline, one rule after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tfgen_generators.lint.registry import all_rules

BUILDER = (
    '{"type": "amazon-ebs", "ami_name": "NAME", "region": "eu-west-1", "subnet_id": "subnet-0a1b2c3d4e5f60718",\n'
    ' "vpc_id": "vpc-04f99e5833c3a909b", "source_ami": "ami-0123456789abcdef0"}'
)
UNUSED = '{"variables": {"unused": "x"}, "builders": [{"type": "null"}]}\n'


def estate(repo: Repo, number: int, toml: str = TOML) -> Path:
    text = f'{{"variables": {{"unused": "x"}},\n "builders": [{BUILDER}]}}\n'
    files = {f"packer/image-{one:03}.json": text.replace("NAME", f"image-{one:03}") for one in range(number)}
    return repo({"tfgen.toml": toml, **files})


def found(cli: Command, *arguments: str) -> list[dict[str, object]]:
    document = json.loads(cli("lint", "--format", "json", *arguments).out)
    return [one for one in document["findings"] if one["suppressed"] is None]


def test_two_hundred_templates_are_sixty_lines(repo: Repo, cli: Command) -> None:
    estate(repo, 200)
    findings = found(cli)
    assert len(findings) >= 1000
    assert len({one["rule"] for one in findings}) >= 9
    result = cli("lint").expect(1)
    assert len((result.out + result.err).splitlines()) <= 60
    assert (
        "200 findings in 200 files, the first: packer/image-000.json:1: the variable unused is not used" in result.out
    )
    assert "--all shows each of them" in result.out
    assert "200  warning[unused-variable]" in result.err
    assert cli("lint", "--all").expect(1).out.count("warning[unused-variable]") == 200


@pytest.mark.parametrize(("number", "lines"), [(20, 20), (21, 1)])
def test_more_than_twenty_of_one_shape_are_one_line(repo: Repo, cli: Command, number: int, lines: int) -> None:
    repo({"tfgen.toml": TOML, **{f"packer/image-{one}.json": UNUSED for one in range(number)}})
    assert cli("lint", "--rule", "unused-variable").out.count("warning[unused-variable]") == lines


def test_grouped_is_by_rule(repo: Repo, cli: Command) -> None:
    estate(repo, 2)
    lines = cli("lint", "--format", "grouped", "--rule", "unused-variable", "--rule", "hard-coded-vpc").out.splitlines()
    assert lines == [
        "warning[hard-coded-vpc] 2 findings: A VPC id is hard-coded in the template",
        *(line for line in lines if "vpc_id is the fixed VPC" in line),
        "",
        "warning[unused-variable] 2 findings: A variable is declared but not used",
        "  packer/image-000.json:1: the variable unused is not used",
        "  packer/image-001.json:1: the variable unused is not used",
    ]
    estate(repo, 30)
    assert len(cli("lint", "--format", "grouped", "--rule", "unused-variable").out.splitlines()) == 7
    assert len(cli("lint", "--format", "grouped", "--rule", "unused-variable", "--all").out.splitlines()) == 31


def test_a_baseline_lets_only_new_findings_fail(repo: Repo, cli: Command) -> None:
    root = estate(repo, 2)
    cli("lint").expect(1)
    assert "findings written to lint.json" in cli("lint", "--baseline", "lint.json", "--write-baseline").expect(0).err
    assert cli("lint", "--strict", "--baseline", "lint.json").expect(0).out == ""
    path = root / "packer/image-000.json"
    path.write_text("\n\n" + path.read_text())  # the lines move
    assert found(cli, "--baseline", "lint.json") == []
    path.write_text(path.read_text().replace('"unused": "x"', '"unused": "x",\n "other": "y"'))
    new = found(cli, "--baseline", "lint.json", "--rule", "unused-variable")
    assert "the variable other is not used" in [one["message"] for one in new]


def test_a_baseline_says_what_is_no_longer_found(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/a.json": UNUSED, "packer/b.json": UNUSED})
    cli("lint", "--baseline", "lint.json", "--write-baseline").expect(0)
    (root / "packer/b.json").write_text('{"builders": [{"type": "null"}]}\n')
    said = cli("lint", "--baseline", "lint.json").expect(0).err
    assert "no longer found: packer/b.json: unused-variable: the variable unused is not used" in said
    assert "lint.json has 1 finding too many; write it again with --write-baseline" in said
    assert "no longer" not in cli("lint", "--baseline", "lint.json", "packer/a.json").expect(0).err
    assert "no longer" not in cli("lint", "--baseline", "lint.json", "--rule", "no-manifest").expect(0).err


@pytest.mark.parametrize("text", [None, "", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{}]}'])
def test_a_file_that_is_no_baseline(repo: Repo, cli: Command, text: str | None) -> None:
    root = repo({"tfgen.toml": TOML, "packer/a.json": UNUSED})
    if text is not None:
        (root / "lint.json").write_text(text)
    assert "write it with --write-baseline" in cli("lint", "--baseline", "lint.json").expect(64).err
    assert "add --baseline FILE" in cli("lint", "--write-baseline").expect(64).err


def test_a_finding_of_a_baseline_is_suppressed_in_every_format(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/a.json": UNUSED})
    cli("lint", "--baseline", "lint.json", "--write-baseline").expect(0)
    document = json.loads(cli("lint", "--baseline", "lint.json", "--format", "json").expect(0).out)
    assert [one["suppressed"]["kind"] for one in document["findings"]] == ["baseline"]
    sarif = json.loads(cli("lint", "--baseline", "lint.json", "--format", "sarif").expect(0).out)
    assert [one["suppressions"][0]["kind"] for one in sarif["runs"][0]["results"]] == ["external"]


def test_explain_shows_the_page(cli: Command) -> None:
    out = cli("lint", "--explain", "no-manifest").expect(0).out
    assert out.startswith("# no-manifest\n")
    assert "## How to fix it" in out
    assert "did you mean no-manifest?" in cli("lint", "--explain", "no-manifset").expect(64).err


def test_the_wheel_has_the_pages() -> None:
    assert '"docs" = "tfgen/docs"' in (Path(__file__).parents[2] / "pyproject.toml").read_text()


RULES = [
    ('[lint.rules.unused-variable]\nseverity = "off"\n', []),
    ('[lint.rules.unused-variable]\nseverity = "off"\npaths = ["packer/old"]\n', ["packer/web.json"]),
    ('[lint.rules.unused-variable]\nseverity = "off"\npaths = ["packer/*.json"]\n', []),
    ('[lint.rules.unused-variable]\npaths = ["packer/old/"]\n', ["packer/old/db.json"]),
    ('[lint.rules.unused-variable]\nseverity = "note"\n', ["packer/old/db.json", "packer/web.json"]),
]


@pytest.mark.parametrize(("rules", "paths"), RULES)
def test_a_rule_has_a_severity_and_paths(repo: Repo, cli: Command, rules: str, paths: list[str]) -> None:
    repo({"tfgen.toml": TOML + rules, "packer/web.json": UNUSED, "packer/old/db.json": UNUSED})
    assert [one["path"] for one in found(cli, "--rule", "unused-variable")] == paths


def test_a_severity_holds_in_its_paths(repo: Repo, cli: Command) -> None:
    rules = '[lint.rules.unused-variable]\nseverity = "error"\npaths = ["packer/old"]\n'
    repo({"tfgen.toml": TOML + rules, "packer/web.json": UNUSED, "packer/old/db.json": UNUSED})
    assert [one["severity"] for one in found(cli)] == ["error", "warning"]


@pytest.mark.parametrize(
    ("rules", "code", "said"),
    [
        ('[lint.rules.unused-varable]\nseverity = "off"\n', 1, "tfgen.toml:2: error[invalid-ignore] unknown rule"),
        ('[lint.rules.unused-variable]\nseverty = "off"\n', 1, "did you mean severity?"),
        ('[lint.rules.unused-variable]\nseverity = "of"\n', 1, 'use "error", "warning", "note" or "off"'),
        ('[lint.rules.unused-variable]\npaths = "packer"\n', 1, "must be a list of paths"),
        ("[lint.rules]\nunused-variable = 1\n", 1, "tfgen.toml:3"),
    ],
)
def test_a_wrong_table(repo: Repo, cli: Command, rules: str, code: int, said: str) -> None:
    repo({"tfgen.toml": TOML + rules, "packer/web.json": UNUSED})
    result = cli("lint").expect(code)
    assert said in result.out + result.err
    assert "tfgen.toml:" in result.out + result.err


def test_every_rule_can_be_named(repo: Repo, cli: Command) -> None:
    rules = "".join(f'[lint.rules.{rule.id}]\nseverity = "off"\n' for rule in all_rules())
    repo({"tfgen.toml": TOML + rules, "packer/web.json": UNUSED})
    assert found(cli) == []
