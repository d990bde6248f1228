"""lint holds the contents of some templates at a time: what it finds does not depend on which are held together."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import TOML, Repo
from tfgen.lint.run import open_scope
from tfgen.workspace import open_workspace
from tfgen_generators.lint import scope as scope_module
from tfgen_generators.lint.engine import lint
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.source import Source, source_at, sources

SCRIPT = "#!/bin/bash\napt-get update | tee log\ncurl x || true\nexport PASSWORD=hunter2hunter2\n"
COUNT = 7


def box(number: int) -> str:
    builder = {"type": "amazon-ebs", "ami_name": f"box-{number % 3}", "region": "eu-west-1", "ami_groups": ["all"]}
    shell = {"type": "shell", "script": "scripts/a.sh"}
    inline = {"type": "shell", "inline": [f"make {number} | tee log", "curl x || true"]}
    local = {"type": "ansible-local", "playbook_file": "ansible/web.yml"}
    variables = {"token": "{{env `TOKEN`}}", f"unused_{number}": "", "_comment": "tfgen:ignore public-ami shown to all"}
    return json.dumps({"variables": variables, "builders": [builder], "provisioners": [shell, inline, local]}, indent=1)


@pytest.fixture(name="scope")
def _scope(repo: Repo) -> Scope:
    playbook = "- hosts: all\n  roles: [gone]\n  vars_files: [beside.yml]\n"
    files = {f"packer/box{number}.json": box(number) for number in range(COUNT)}
    files |= {"scripts/a.sh": SCRIPT, "ansible/web.yml": playbook, "ansible/beside.yml": "a: 1\n"}
    repo({"tfgen.toml": TOML, "buildspec.yml": "version: 0.2\n", **files})
    return open_scope(open_workspace(need_settings=False))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_findings_are_those_of_all_templates_together(
    scope: Scope, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    together = lint(scope).judged
    monkeypatch.setattr(scope_module, "_PART", size)
    assert lint(scope.again()).judged == together
    rules = {one.finding.rule for one in together}
    assert {"same-ami-name", "not-uploaded", "missing-role", "hidden-failure", "env-not-passed", "public-ami"} <= rules


def test_no_more_templates_are_held_than_one_part_has(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_module, "_PART", 2)
    most = 0
    given = scope.parts

    def parts() -> Iterator[None]:
        nonlocal most
        for _ in given():
            yield
            most = max(most, held())

    monkeypatch.setattr(scope, "parts", parts)
    gc.collect()
    before = held()
    gc.disable()  # as the command has it: only what nothing refers to is freed
    try:
        lint(scope)
    finally:
        gc.enable()
    assert 0 < most - before <= 2
    assert held() - before <= 1


def held() -> int:
    return sum(isinstance(one, Source) for one in gc.get_objects())


def test_a_template_of_another_part_is_found(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope_module, "_PART", 2)
    for _ in scope.parts():
        first = next(iter(sources(scope)))
        assert source_at(scope, first.template.path) is first
        for number in range(COUNT):
            other = source_at(scope, f"packer/box{number}.json")
            assert other is not None
            assert Path(other.template.path).stem == f"box{number}"
    assert len(list(sources(scope))) == COUNT
