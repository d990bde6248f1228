"""`tfgen dispatch --format json` is as its schema and docs/json.md say, whatever became of the images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest

from tests.conftest import Command, Repo
from tests.terraform.conftest import ROOT
from tests.terraform.dispatch_estate import REPOSITORY, DispatchEstate, template
from tests.terraform.state_estate import Aws
from tfgen.dispatch.model import Status
from tfgen.emulator.pipeline_run import HEADS, Play, played

SCHEMA = json.loads((ROOT / "docs/dispatch.schema.json").read_text())
IMAGE = SCHEMA["properties"]["images"]["items"]


@pytest.fixture
def estate(aws: Aws, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[DispatchEstate]:
    monkeypatch.setenv("TFGEN_POLL", "0.01")
    yield DispatchEstate(root=repo({}), aws=aws, cli=cli)
    HEADS.pop(REPOSITORY, None)


def test_every_document_is_that_of_the_schema(estate: DispatchEstate) -> None:
    estate.push({"packer/new.pkr.hcl": template("new")})
    commit = HEADS[REPOSITORY]
    with played("base-ami-pipeline", Play(fails_in="BUILD")), played("other-ami-pipeline", Play(ends_as="Superseded")):
        ended = document(estate, code=1)
    assert {each["name"]: each["status"] for each in ended["images"]} == {
        "app": "blocked",
        "base": "failed",
        "new": "lost",
        "other": "superseded",
        "web": "blocked",
    }
    assert ended["commit"] == commit
    begun = document(estate, "--no-wait", code=1)
    assert {each["name"]: (each["status"], bool(each["execution"])) for each in begun["images"]} == {
        "app": ("waiting", False),
        "base": ("started", True),
        "new": ("lost", False),
        "other": ("started", True),
        "web": ("waiting", False),
    }
    estate.push({}, gone="packer/new.pkr.hcl")
    assert {each["status"] for each in document(estate)["images"]} == {"succeeded"}
    assert document(estate)["images"] == []


def document(estate: DispatchEstate, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What a dispatch prints, held against the schema; every key is in it."""
    found: dict[str, Any] = json.loads(estate.dispatch("--format", "json", *arguments, code=code).out)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert all(list(each) == IMAGE["required"] == list(IMAGE["properties"]) for each in found["images"])
    return found


def test_the_documented_json_is_that_of_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert IMAGE["properties"]["status"]["enum"] == list(get_args(Status))
    section = (ROOT / "docs/json.md").read_text().split("## `tfgen dispatch`")[1]
    example = json.loads(section.split("```json\n")[1].split("```")[0])
    jsonschema.Draft202012Validator(SCHEMA).validate(example)
