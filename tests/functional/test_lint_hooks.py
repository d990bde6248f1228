"""`.pre-commit-hooks.yaml`: what pre-commit takes, and hooks that find what they are for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import TOML, TOY, Command, Repo

ROOT = Path(__file__).parents[2]
#: What pre-commit's own `validate-manifest` wants and takes (pre_commit/clientlib.py).
REQUIRED = {"id", "name", "entry", "language"}
OPTIONAL = {"description", "files", "pass_filenames"}


def hooks() -> dict[str, dict[str, Any]]:
    listed: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in listed}


def test_the_manifest_is_one() -> None:
    assert list(hooks()) == ["tfgen-sync", "tfgen-lint"]
    for hook in hooks().values():
        assert set(hook) == REQUIRED | OPTIONAL
        assert hook["language"] == "python", "pre-commit installs this repository, which is a package"
        assert hook["pass_filenames"] is False
        re.compile(hook["files"])


@pytest.mark.parametrize(
    ("hook", "path", "runs"),
    [
        ("tfgen-sync", "packer/web.json", True),
        ("tfgen-sync", "terraform/pipelines/pipeline_web.gen.tf", True),
        ("tfgen-sync", "tfgen.toml", True),
        ("tfgen-sync", "ansible/web.yml", False),
        ("tfgen-lint", "ansible/roles/web/tasks/main.yml", True),
        ("tfgen-lint", "buildspec.yml", True),
        ("tfgen-lint", "packer/web.pkr.hcl", True),
        ("tfgen-lint", "README.md", False),
    ],
)
def test_the_hooks_run_for_what_concerns_them(hook: str, path: str, runs: bool) -> None:
    assert bool(re.search(hooks()[hook]["files"], path)) == runs


def run(tfgen: Command, hook: str) -> int:
    program, *arguments = shlex.split(hooks()[hook]["entry"])
    assert program == "tfgen"
    return tfgen(*arguments).code


def test_the_hooks_fail_where_they_should(repo: Repo, tfgen: Command) -> None:
    bad = '{"builders": [{"type": "amazon-ebs", "ami_name": "a:b"}]}'
    repo({**TOY, "tfgen.toml": TOML, "packer/web.json": bad})
    assert (run(tfgen, "tfgen-sync"), run(tfgen, "tfgen-lint")) == (2, 1)


def test_the_hooks_pass_where_nothing_is_amiss(repo: Repo, tfgen: Command) -> None:
    repo({**TOY, "tfgen.toml": TOML, "packer/.keep": ""})
    assert (run(tfgen, "tfgen-sync"), run(tfgen, "tfgen-lint")) == (0, 0)
