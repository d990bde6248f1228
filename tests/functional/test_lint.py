"""`tfgen lint`: what it shows, how it ends, and how rules are switched off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, TOML, Command, Repo, read_tree

#: One finding of name-limits (an error) and one of env-not-passed (a warning), of which no other rule knows.
BAD = """\
{
  "variables": {
    "vpc": "{{env `VPC_ID`}}"
  },
  "builders": [
    {
      "type": "amazon-ebs",
      "ami_name": "a:b-{{timestamp}}",
      "vpc_id": "{{user `vpc`}}"
    }
  ]
}
"""
ONLY = ("--rule", "name-limits", "--rule", "env-not-passed", "--rule", "invalid-ignore", "--rule", "unused-ignore")
HCL_NAME = 'source "amazon-ebs" "x" {\n  ami_name = "a:b"\n}\n\nbuild {\n  sources = ["source.amazon-ebs.x"]\n}\n'


def found(cli: Command, *arguments: str) -> list[tuple[str, str, int | None, str | None]]:
    """(rule, path, line, why it is off) of every finding."""
    document = json.loads(cli("lint", *ONLY, "--format", "json", *arguments).out)
    return [
        (one["rule"], one["path"], one["line"], one["suppressed"] and one["suppressed"]["reason"])
        for one in document["findings"]
    ]


def test_errors_make_the_exit_code_1(repo: Repo, tfgen: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": BAD})
    result = tfgen("lint", *ONLY).expect(1)
    reads = "reads the environment variable VPC_ID, which the pipeline of web does not pass"
    assert result.out.splitlines() == [
        f"packer/web.json:3: warning[env-not-passed] {reads}",
        "  fix: add VPC_ID to [environment], or to [templates.web] environment, in tfgen.toml",
        "packer/web.json:8: error[name-limits] ami_name contains ':', which AWS does not allow",
        "  fix: use only letters, digits and ()[] ./-'@_; clean_resource_name() replaces other characters",
    ]
    assert result.err == "1 error, 1 warning in 1 template\n"


def test_warnings_alone_are_no_failure_unless_strict(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": BAD.replace("a:b", "ab")})
    assert cli("lint", *ONLY).expect(0).err == "1 warning in 1 template\n"
    cli("lint", *ONLY, "--strict").expect(1)


def test_nothing_found_says_so(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": JSON, "packer/db.pkr.hcl": HCL2})
    result = cli("lint", *ONLY).expect(0)
    assert (result.out, result.err) == ("", "no findings in 2 templates\n")


def test_no_settings_and_no_git_are_enough(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": BAD})
    assert found(cli) == [("name-limits", "packer/web.json", 8, None)]


def test_no_templates_folder_is_a_failure(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML})
    assert "packer: folder of Packer templates not found" in cli("lint").expect(1).err


def test_paths_restrict_what_is_shown(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": BAD, "packer/team/db.json": BAD, "packer/team2/x.json": JSON})
    both = {"packer/web.json", "packer/team/db.json"}
    assert {path for _, path, *_ in found(cli)} == both
    assert {path for _, path, *_ in found(cli, "packer/team/")} == {"packer/team/db.json"}
    assert {path for _, path, *_ in found(cli, "packer/web.json", "packer/team2")} == {"packer/web.json"}
    assert {path for _, path, *_ in found(cli, str(root))} == both
    monkeypatch.chdir(root / "packer/team")
    assert {path for _, path, *_ in found(cli, "db.json")} == {"packer/team/db.json"}
    assert {path for _, path, *_ in found(cli, "..")} == both


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("packer/wbe.json", "packer/wbe.json: no such file or folder"),
        ("", "an empty path: no such file or folder"),
        ("..", "..: is outside the repository"),
        ("outside/secret", "outside/secret: is outside the repository"),
    ],
)
def test_a_path_that_is_none_is_wrong_usage(repo: Repo, cli: Command, path: str, says: str) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": BAD})
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "secret").touch()
    (root / "outside").symlink_to(elsewhere)
    assert says in cli("lint", path).expect(64).err


def test_an_unknown_rule_has_the_nearest_name(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": JSON})
    assert "unknown rule 'name-limit'; did you mean name-limits?" in cli("lint", "--rule", "name-limit").expect(64).err


def test_templates_that_cannot_be_read_are_findings(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": TOML, "packer/web.json": BAD, "packer/broken.pkr.hcl": "build {\n"})
    result = cli("lint", "--rule", "unreadable-template", "--rule", "name-limits").expect(1)
    assert "packer/broken.pkr.hcl:2: error[unreadable-template]" in result.out
    assert "error[name-limits]" in result.out


COMMENTS = [
    ("alone above", '  # tfgen:ignore name-limits replaced later\n  ami_name = "a:b"'),
    ("behind", '  ami_name = "a:b" # tfgen:ignore name-limits replaced later'),
    ("with slashes", '  // tfgen:ignore name-limits: replaced later\n  ami_name = "a:b"'),
    ("among comments", '  # tfgen:ignore name-limits - replaced later\n  # the name\n\n  ami_name = "a:b"'),
    ("of several rules", '  # tfgen:ignore env-not-passed,name-limits replaced later\n  ami_name = "a:b"'),
    ("with windows' line ends", '  # tfgen:ignore name-limits replaced later\r\n  ami_name = "a:b"\r'),
]


@pytest.mark.parametrize(("_name", "text"), COMMENTS, ids=[name for name, _ in COMMENTS])
def test_a_comment_switches_a_rule_off(repo: Repo, cli: Command, _name: str, text: str) -> None:
    repo({"tfgen.toml": TOML, "packer/x.pkr.hcl": HCL_NAME.replace('  ami_name = "a:b"', text)})
    of_names = [(rule, reason) for rule, _, _, reason in found(cli) if rule == "name-limits"]
    assert of_names == [("name-limits", "replaced later")]
    assert "1 disabled" in cli("lint", "--rule", "name-limits").expect(0).err


@pytest.mark.parametrize(
    "text",
    [
        '  # tfgen:ignore name-limits\n  ami_name = "a:b"',
        '  # tfgen:ignore name-limits --\n  ami_name = "a:b"',
        '  # tfgen:ignore\n  ami_name = "a:b"',
        '  # tfgen:ignore name-limit replaced later\n  ami_name = "a:b"',
    ],
)
def test_a_comment_without_reason_or_rule_switches_nothing_off(repo: Repo, cli: Command, text: str) -> None:
    repo({"tfgen.toml": TOML, "packer/x.pkr.hcl": HCL_NAME.replace('  ami_name = "a:b"', text)})
    rules = [(rule, line, reason) for rule, _, line, reason in found(cli)]
    assert rules == [("invalid-ignore", 2, None), ("name-limits", 3, None)]


@pytest.mark.parametrize(
    "text",
    [
        '  # tfgen:ignored name-limits not ours\n  ami_name = "a:b"',
        '  # see tfgen:ignore name-limits in the docs\n  ami_name = "a:b"',
        '  # tfgen:ignore name-limits too far away\n\n  tags = {}\n  ami_name = "a:b"',
        '  ami_name = "a:b"\n  # tfgen:ignore name-limits below it',
    ],
)
def test_what_is_no_comment_of_ours_or_elsewhere_does_not_count(repo: Repo, cli: Command, text: str) -> None:
    repo({"tfgen.toml": TOML, "packer/x.pkr.hcl": HCL_NAME.replace('  ami_name = "a:b"', text)})
    assert [reason for rule, _, _, reason in found(cli) if rule == "name-limits"] == [None]


def test_json_has_a_comment_for_the_whole_file(repo: Repo, cli: Command) -> None:
    text = BAD.replace("{\n", '{\n  "_comment": "tfgen:ignore name-limits replaced later",\n', 1)
    repo({"tfgen.toml": TOML, "packer/web.json": text})
    assert [reason for rule, _, _, reason in found(cli) if rule == "name-limits"] == ["replaced later"]


def test_hcl2_s_json_has_one_too(repo: Repo, cli: Command) -> None:
    text = '{"//": "tfgen:ignore name-limits replaced later", "source": {"amazon-ebs": {"x": {"ami_name": "a:b"}}}, '
    repo({"tfgen.toml": TOML, "packer/web.pkr.json": text + '"build": {"sources": ["source.amazon-ebs.x"]}}'})
    assert found(cli) == [("name-limits", "packer/web.pkr.json", 1, "replaced later")]


def test_comments_in_roles_scripts_and_settings_count(repo: Repo, cli: Command) -> None:
    comment = "# tfgen:ignore no-such-rule because\n"
    play = 'provisioner "ansible-local" {\n    playbook_file = "ansible/web.yml"\n  }\n'
    steps = f'  provisioner "shell" {{\n    script = "packer/a.sh"\n  }}\n  {play}'
    repo(
        {
            "tfgen.toml": f"{comment}{TOML}",
            "buildspec.yml": f"{comment}version: 0.2\n",
            "packer/a.sh": f"#!/bin/sh -e\n{comment}",
            "packer/x.pkr.hcl": HCL2.replace('x"]\n', f'x"]\n{steps}'),
            "ansible/web.yml": "- hosts: all\n  roles: [web]\n",
            "ansible/roles/web/tasks/main.yml": f"{comment}[]\n",
            "ansible/roles/web/README.md": comment,
            "elsewhere.yml": comment,
        }
    )
    places = [(path, line) for rule, path, line, _ in found(cli) if rule == "invalid-ignore"]
    assert places == [
        ("ansible/roles/web/tasks/main.yml", 1),
        ("buildspec.yml", 1),
        ("packer/a.sh", 2),
        ("tfgen.toml", 1),
    ]


def test_settings_switch_off_for_one_template_or_for_all(repo: Repo, cli: Command) -> None:
    lint = '[lint.templates.web]\nname-limits = "an old name"\n[lint.disable]\nenv-not-passed = "set by hand"\n'
    repo({"tfgen.toml": f"{TOML}{lint}", "packer/web.json": BAD, "packer/db.json": BAD})
    assert found(cli) == [
        ("env-not-passed", "packer/db.json", 3, "set by hand"),
        ("name-limits", "packer/db.json", 8, None),
        ("env-not-passed", "packer/web.json", 3, "set by hand"),
        ("name-limits", "packer/web.json", 8, "an old name"),
    ]


def test_settings_change_severities(repo: Repo, cli: Command) -> None:
    repo({"tfgen.toml": f'{TOML}[lint.severity]\nname-limits = "note"\n', "packer/web.json": BAD})
    assert cli("lint", *ONLY).expect(0).err == "1 warning, 1 note in 1 template\n"


def test_settings_that_name_nothing_are_findings(repo: Repo, cli: Command) -> None:
    lint = (
        '[lint.severity]\nname-limit = "note"\n[lint.templates.wbe]\nname-limits = "x"\n'
        '[lint.templates.web]\nenv-unused = "y"\nname-limits = "z"\n'
    )
    repo({"tfgen.toml": f"{TOML}{lint}", "packer/web.json": JSON})
    result = cli("lint", *ONLY).expect(1)
    assert (
        "tfgen.toml:3: error[invalid-ignore] unknown rule 'name-limit'\n  fix: did you mean name-limits?" in result.out
    )
    assert "tfgen.toml:4: error[invalid-ignore] template 'wbe' not found\n  fix: did you mean web?" in result.out
    assert "tfgen.toml:8: warning[unused-ignore] name-limits has no finding in web" in result.out


@pytest.mark.parametrize(
    ("lint", "says"),
    [
        (
            '[lint.disable]\nname-limits = " "\n',
            "tfgen.toml:3: lint.disable.name-limits must be the reason for disabling the rule",
        ),
        (
            "[lint.templates.web]\nname-limits = true\n",
            "tfgen.toml:3: lint.templates.web.name-limits must be the reason",
        ),
        ('[lint.severity]\nname-limits = "fatal"\n', "tfgen.toml:3: lint.severity.name-limits must be a severity"),
        ('[lint]\ndisabled = ["x"]\n', "tfgen.toml:3: unknown key lint.disabled; did you mean disable?"),
    ],
)
def test_bad_settings_name_the_line(repo: Repo, cli: Command, lint: str, says: str) -> None:
    repo({"tfgen.toml": f"{TOML}{lint}", "packer/web.json": JSON})
    assert says in cli("lint").expect(1).err


def test_lint_writes_nothing_but_its_cache(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": BAD, "packer/db.pkr.hcl": HCL_NAME})
    before = read_tree(root)
    cli("lint")
    cli("lint")
    assert read_tree(root) == before
    assert {path.name for path in root.iterdir()} == {".tfgen", "packer", "tfgen.toml"}


def test_the_shipped_estate_is_clean(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    result = cli("lint", "--strict")
    assert (result.code, result.out) == (0, ""), result.out


def test_a_playbook_that_is_not_there_makes_no_role_unused(repo: Repo, cli: Command) -> None:
    ansible = '{"type": "ansible-local", "playbook_file": "ansible/PLAY.yml", "role_paths": ["ansible/roles/web"]}'
    template = f'{{"builders": [{{"type": "null"}}], "provisioners": [{ansible}]}}'
    files = {
        "packer/web.json": template.replace("PLAY", "wep"),
        "packer/all.json": template.replace("PLAY", "all"),
        "ansible/all.yml": "- hosts: all\n  roles: []\n",
        "ansible/web.yml": "- hosts: all\n  roles:\n    - web\n",
        "ansible/roles/web/tasks/main.yml": "- debug:\n",
        "ansible/roles/stale/tasks/main.yml": "- debug:\n",
    }
    repo({"tfgen.toml": TOML, **files})
    rules = ("--rule", "unused-role", "--rule", "role-path-unused", "--rule", "missing-playbook")
    result = cli("lint", *rules, "--format", "json")
    named = [(one["rule"], one["path"]) for one in json.loads(result.out)["findings"]]
    assert named == [
        ("unused-role", "ansible/roles/stale/tasks/main.yml"),
        ("role-path-unused", "packer/all.json"),
        ("missing-playbook", "packer/web.json"),
    ]
