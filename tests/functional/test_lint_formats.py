"""`tfgen lint --format`: each is what its readers take, whatever the templates say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.conftest import TOML, Command, Repo
from tfgen_generators.lint.registry import all_rules

ROOT = Path(__file__).parents[2]
ONLY = ("--rule", "name-limits", "--rule", "env-not-passed", "--rule", "unused-ignore")
#: Names and texts that mean something to a terminal, to XML, to GitHub's runner, to a URI.
NASTY = 'source "amazon-ebs" "x" {\n  ami_name = "a<b>&\\"]]>%0A::error::::\\u001b[31m${env("X")}"\n}\n'
BUILD = '\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'
OFF = NASTY.replace("  ami_name", '  # tfgen:ignore name-limits an <old> & "odd" name\n  ami_name')
UNUSED = "# tfgen:ignore name-limits nothing is wrong here\n" + NASTY.replace(
    'a<b>&\\"]]>%0A::error::::\\u001b[31m', "abc"
)
FILES = {
    "tfgen.toml": TOML,
    "packer/web.pkr.hcl": NASTY + BUILD,
    "packer/a b,c:d%&<é\n::error::x.pkr.hcl": NASTY + BUILD,
    "packer/off.pkr.hcl": OFF + BUILD,
    "packer/unused.pkr.hcl": UNUSED + BUILD,
}


def lint(cli: Command, form: str, *arguments: str) -> str:
    return cli("lint", *ONLY, "--format", form, *arguments).out


def test_json_is_what_its_schema_says(repo: Repo, cli: Command) -> None:
    repo(FILES)
    document = json.loads(lint(cli, "json"))
    jsonschema.validate(document, json.loads((ROOT / "docs/lint.schema.json").read_text()))
    assert {one["rule"] for one in document["findings"]} == {"name-limits", "env-not-passed", "unused-ignore"}
    assert document["summary"]["suppressed"] == 1
    assert [one["fixable"] for one in document["findings"] if one["rule"] == "unused-ignore"] == [True]


def sarif(text: str) -> dict[str, Any]:
    document = json.loads(text)
    schema = json.loads((ROOT / "tests/data/sarif-2.1.0-schema.json").read_text())
    jsonschema.Draft4Validator(schema).validate(document)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_sarif_validates_against_its_schema(repo: Repo, cli: Command) -> None:
    root = repo(FILES)
    run = sarif(lint(cli, "sarif"))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["env-not-passed", "name-limits", "unused-ignore"]
    assert len(run["results"]) == 8
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", location["artifactLocation"]["uri"])
        assert (root / unquote(location["artifactLocation"]["uri"])).is_file()
        assert location["region"]["startLine"] > 0
    assert len({json.dumps(result["partialFingerprints"]) for result in run["results"]}) == 8


def test_sarif_of_all_rules_names_their_pages(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/.keep": ""})
    rules = sarif(cli("lint", "--format", "sarif").expect(0).out)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in all_rules()]
    assert all(f"docs/rules/{rule['id']}.md" in rule["help"]["text"] for rule in rules)


def test_sarif_has_suppressions_and_fixes(repo: Repo, cli: Command) -> None:
    repo(FILES)
    results = sarif(lint(cli, "sarif"))["results"]
    (off,) = (result for result in results if "suppressions" in result)
    assert off["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": 'an <old> & "odd" name'}]
    (fixable,) = (result for result in results if "fixes" in result)
    (change,) = fixable["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 2, "endColumn": 1},
            "insertedContent": {"text": ""},
        }
    ]


def test_a_fingerprint_stays_when_lines_move(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.pkr.hcl": NASTY + BUILD})
    before = [one["partialFingerprints"] for one in sarif(lint(cli, "sarif"))["results"]]
    (root / "packer/web.pkr.hcl").write_text("# one more line\n\n" + NASTY + BUILD)
    assert [one["partialFingerprints"] for one in sarif(lint(cli, "sarif"))["results"]] == before


def test_junit_is_the_form_that_jenkins_and_gitlab_read(repo: Repo, cli: Command) -> None:
    repo(FILES)
    suites = ElementTree.fromstring(lint(cli, "junit"))
    (suite,) = suites
    cases = list(suite)
    assert (suites.tag, suite.tag, {case.tag for case in cases}) == ("testsuites", "testsuite", {"testcase"})
    assert suite.attrib == {"name": "tfgen lint", "tests": "8", "failures": "2", "errors": "0", "skipped": "1"}
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(set(names)) == len(names), "GitLab leaves out the second of two"
    assert {attribute for case in cases for attribute in case.attrib} == {"classname", "name"}
    assert sorted(child.tag for case in cases for child in case) == ["failure"] * 2 + ["skipped"] + ["system-out"] * 5
    (skipped,) = suite.iter("skipped")
    assert skipped.attrib["message"] == 'an <old> & "odd" name'
    assert "'<' '>'" in next(suite.iter("failure")).attrib["message"]


def test_junit_without_findings_has_one_case(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/.keep": ""})
    suite = ElementTree.fromstring(lint(cli, "junit"))[0]
    assert [case.attrib["name"] for case in suite] == ["lint"]
    assert suite.attrib["failures"] == "0"


def test_strict_warnings_fail_in_junit_too(repo: Repo, cli: Command) -> None:
    repo(FILES)
    assert ElementTree.fromstring(lint(cli, "junit", "--strict"))[0].attrib["failures"] == "7"


def test_github_takes_no_command_from_a_template(repo: Repo, cli: Command) -> None:
    repo(FILES)
    lines = lint(cli, "github").splitlines()
    assert len(lines) == 7
    for line in lines:
        assert re.fullmatch(r"::(error|warning) file=[^:,\n]+,line=\d+,title=tfgen [a-z-]+::[^\x00-\x1f\x7f]+", line)
    odd = next(line for line in lines if "%0A%3A%3Aerror%3A%3Ax" in line)
    assert odd.startswith("::warning file=packer/a b%2Cc%3Ad%25&<é%0A%3A%3Aerror%3A%3Ax.pkr.hcl,line=2,")


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
def test_no_format_lets_a_template_steer_a_terminal(repo: Repo, cli: Command, form: str) -> None:
    repo(FILES)
    out = lint(cli, form)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)
    if form == "text":
        assert all(re.match(r"(packer/|  fix: )", line) for line in out.splitlines())


def test_a_name_that_is_no_text_is_shown(repo: Repo, tfgen: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/.keep": ""})
    odd = root / "packer" / b"a\xff.pkr.hcl".decode("utf-8", "surrogateescape")
    odd.write_text(NASTY + BUILD)
    for form in ("text", "json", "sarif", "junit", "github"):
        assert tfgen("lint", *ONLY, "--format", form).expect(1).out
