from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import HCL2, JSON, Command, Repo


def test_list_needs_no_settings(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": JSON, "packer/db.pkr.hcl": HCL2, "packer/vars.json": "{}"})
    result = cli("list").expect(0)
    assert [line.split() for line in result.out.splitlines()] == [
        ["NAME", "TEMPLATE", "FORMAT", "BUILDERS"],
        ["db", "packer/db.pkr.hcl", "hcl2", "amazon-ebs"],
        ["web", "packer/web.json", "json", "amazon-ebs"],
    ]
    assert "packer/vars.json: no builders: not a Packer template" in result.err


def test_list_json(repo: Repo, cli: Command) -> None:
    repo({"packer/web.json": JSON, "packer/vars.json": "{}", "packer/bad.json": '{"builders": [\n'})
    document = json.loads(cli("list", "--format", "json").expect(1).out)
    assert [template["name"] for template in document["templates"]] == ["bad", "web"]
    assert document["templates"][0]["errors"][0]["line"] == 2
    assert document["templates"][1] == {
        "name": "web",
        "path": "packer/web.json",
        "format": "json",
        "kind": "file",
        "builders": ["amazon-ebs"],
        "errors": [],
    }
    assert document["skipped"] == [{"path": "packer/vars.json", "reason": "no builders: not a Packer template"}]


def test_list_works_on_any_folder(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({"images/web.json": JSON, "packer-wordpress.json": JSON, "tfgen.toml": "not [valid"})
    assert "images/web.json" in cli("list", "--packer-dir", "images").expect(0).out
    assert "wordpress" in cli("list", "--packer-dir", ".").expect(0).out
    monkeypatch.chdir("/")
    assert "images/web.json" in cli("list", "--packer-dir", str(root / "images")).expect(0).out.replace(str(root), "")


def test_a_name_cannot_steer_the_terminal(repo: Repo, cli: Command) -> None:
    repo({"packer/a\x1b[31m/web.json": JSON})
    assert "\x1b" not in cli("list").expect(0).out


def test_the_estate_is_listed(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    out = cli("list").expect(0).out
    assert "packer/wordpress.json" in out
    assert "packer/base.pkr.hcl" in out
