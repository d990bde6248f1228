from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import HCL2, JSON, TOML, Command, Repo
from tests.e2e.tools import ROOT
from tests.unit import shapes


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
        "var_file": None,
        "format": "json",
        "kind": "file",
        "members": ["packer/web.json"],
        "builders": ["amazon-ebs"],
        "default_builders": ["amazon-ebs"],
        "variables": {"required": [], "optional": []},
        "environment": [],
        "provisioners": [],
        "post_processors": [],
        "playbooks": [],
        "files": [],
        "ami": {"name": None, "names": [], "sources": [], "tags": []},
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


def test_the_schema_holds_for_every_shape(repo: Repo, cli: Command) -> None:
    repo(
        {
            "packer/legacy.json": shapes.LEGACY,
            "packer/web.pkr.hcl": shapes.HCL2,
            "packer/x.pkr.json": shapes.HCL2_JSON,
            "packer/hard/a.pkr.hcl": shapes.HARD + 'source "null" "x" {\n}\nbuild {\n  sources = ["null.x"]\n}\n',
            "packer/broken.json": '{"builders": [',
            "packer/broken.pkr.hcl": "build {",
            "packer/vars.json": "{}",
            "packer/gone.json": "",
            "packer/old.json.example": "",
        }
    )
    document = json.loads(cli("list", "--format", "json").expect(1).out)
    schema = json.loads((ROOT / "docs/list.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert all(list(template) == schema["$defs"]["template"]["required"] for template in document["templates"])
    assert len(document["templates"]) == 6
    assert [skipped["path"] for skipped in document["skipped"]] == [
        "packer/gone.json",
        "packer/old.json.example",
        "packer/vars.json",
    ]


def test_documented_keys_are_those_of_the_schema() -> None:
    schema = json.loads((ROOT / "docs/list.schema.json").read_text())
    example = json.loads((ROOT / "docs/json.md").read_text().split("```json\n")[1].split("```")[0])
    template = {**schema, "$ref": "#/$defs/template", "type": "object", "required": [], "properties": {}}
    jsonschema.Draft202012Validator(template).validate(example)
    assert list(example) == list(schema["$defs"]["template"]["properties"])


def test_twenty_thousand_files_and_a_loop(repo: Repo, cli: Command) -> None:
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, "packer/data/base.pkr.hcl": HCL2})
    for number in range(20_000):
        (root / "packer" / "data" / f"{number}.json").write_text(f'{{"n": {number}}}')
    (root / "packer" / "loop").symlink_to(".")
    document = json.loads(cli("list", "--format", "json").expect(0).out)
    assert [template["name"] for template in document["templates"]] == ["data-base", "web"]
    assert len(document["skipped"]) == 20_001
    assert "and 19951 more (--format json shows all)" in cli("list").expect(0).err
    cli("sync").expect(0)
    assert len(list(root.glob("terraform/pipelines/*.gen.tf"))) == 2
