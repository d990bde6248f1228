"""What templates say of their AMIs is found out once, whichever command asks first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import commit, git
from tests.pinned import REQUIREMENT
from tfgen.dispatch.estate import make_job
from tfgen.workspace import open_workspace
from tfgen_generators.ancestry import images
from tfgen_generators.ancestry.images import ImageFacts, image_facts
from tfgen_generators.packer.model import Template
from tfgen_generators.sync.find_changes import find_changes

_COMMANDS = {
    "affected": ("--base", "HEAD", "--include-children"),
    "graph": (),
    "lint": ("--format", "json"),
}

_SETTINGS = f"""{TOML}trigger = "affected"
[environment]
READ = "a"
UNREAD = "a"
[dispatcher.inputs]
tfgen_requirement = "{REQUIREMENT}"
"""


def _template(name: str, **more: object) -> str:
    builder = {"type": "amazon-ebs", "region": "eu-west-1", "ami_name": f"{name}-{{{{timestamp}}}}", **more}
    return json.dumps({"builders": [builder]})


@pytest.fixture
def root(repo: Repo) -> Path:
    """`web` starts from `base`, and reads one variable of its environment."""
    searched = {"owners": ["self"], "most_recent": True, "filters": {"name": "base-*"}}
    web = json.loads(_template("web-{{user `name`}}", source_ami_filter=searched))
    root = repo(
        {
            "tfgen.toml": _SETTINGS,
            ".gitignore": ".tfgen/\n",
            "packer/base.json": _template("base"),
            "packer/web.json": json.dumps({"variables": {"name": "{{env `READ`}}"}, **web}),
        }
    )
    git(root, "init", "--quiet")
    commit(root)
    (root / "packer/base.json").write_text(_template("base") + "\n")
    return root


@pytest.fixture
def ask(root: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Runs one command; gives the names of the images whose facts it has found out."""
    assert root == Path.cwd()
    found: list[str] = []

    def watched(template: Template, *given: Any) -> ImageFacts:
        found.append(template.name)
        return image_facts(template, *given)

    monkeypatch.setattr(images, "image_facts", watched)

    def run(name: str) -> list[str]:
        found.clear()
        if name == "dispatch":
            workspace = open_workspace()
            seen = find_changes(workspace.root, workspace.settings)
            assert not seen.problems
            job = make_job(workspace, seen, "0" * 40, "123456789012", children=True, wait=False)
            assert job.order == ("base", "web")
        else:
            assert cli(name, *_COMMANDS[name]).code in (0, 1)
        return sorted(found)

    return run


@pytest.mark.parametrize("first", [*_COMMANDS, "dispatch"])
def test_one_command_finds_it_out_for_all(ask: Callable[[str], list[str]], first: str) -> None:
    assert ask(first) == ["base", "web"]
    assert [ask(name) for name in (*_COMMANDS, "dispatch", *_COMMANDS)] == [[]] * 7


def test_a_variable_that_no_template_reads_changes_nothing(ask: Callable[[str], list[str]], root: Path) -> None:
    assert ask("graph") == ["base", "web"]
    text = (root / "tfgen.toml").read_text()
    (root / "tfgen.toml").write_text(text.replace('UNREAD = "a"', 'UNREAD = "b"'))
    assert ask("graph") == []
    (root / "tfgen.toml").write_text(text.replace('\nREAD = "a"', '\nREAD = "b"'))
    assert ask("graph") == ["web"]
