"""`graph` and `affected` know the channels of `[publish]`; without it nothing of them is shown."""

from __future__ import annotations

import json

import jsonschema

from tests.conftest import Command, Repo
from tests.documented import ROOT

PUBLISH = '[publish]\nchannels = ["dev", "prod"]\n'
TEMPLATE = '{"builders": [{"type": "amazon-ebs", "ami_name": "web-{{timestamp}}"}]}'


def test_channels_are_nodes(repo: Repo, cli: Command) -> None:
    files = {"tfgen.toml": 'source_repository = "r"\n', "packer/web.json": TEMPLATE, "packer/db.json": TEMPLATE}
    repo(files)
    plain = {form: cli("graph", "--format", form).expect(0).out for form in ("svg", "dot", "mermaid", "json")}
    assert not any("channel" in text for text in plain.values())
    repo({**files, "tfgen.toml": f'source_repository = "r"\n{PUBLISH}'})
    for form in ("svg", "dot", "mermaid"):
        assert "dev, prod" in cli("graph", "--format", form).expect(0).out
        assert "/images/web/prod" in cli("graph", "web", "--format", form).expect(0).out
    document = json.loads(cli("graph", "--format", "json").expect(0).out)
    jsonschema.validate(document, json.loads((ROOT / "docs/graph.schema.json").read_text()))
    assert [each["channels"][1] for each in document["images"]] == [
        {"channel": "prod", "parameter": f"/images/{name}/prod"} for name in ("db", "web")
    ]
