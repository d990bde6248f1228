"""`tfgen prune FILE` and `--undo` on the emulator: what is done, what is kept at the last moment, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import JSON, Command, Repo, Result
from tests.documented import ROOT
from tests.terraform.pruned_amis import HOOK, PrunedAmis
from tests.terraform.used_amis import TOML
from tfgen.aws.usage import ask
from tfgen.emulator.server import Emulator

HERE, THERE = "eu-west-1", "us-east-1"
FILES = {"tfgen.toml": TOML, "packer/web.json": JSON}
#: Those that the tests use; test_prune.py has all.
_SOURCES = ("launch-templates", "ssm-parameters", "instances", "auto-scaling-groups")


@pytest.fixture
def estate(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrunedAmis]:
    """Rules of the Recycle Bin, and a newest AMI in each region."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_REGION", HERE)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(ask, "SOURCES", {name: ask.SOURCES[name] for name in _SOURCES})
    emulator.reset()
    found = PrunedAmis(emulator=emulator)
    with HOOK.installed():
        yield found


@pytest.fixture
def root(repo: Repo) -> Path:
    return repo(FILES)


def document(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out)
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/prune.schema.json").read_text())).validate(found)
    return found


def results(done: Result) -> dict[str, str]:
    return {each["ami"]: each["result"] for each in document(done)["amis"]}


def planned(cli: Command, *more: str) -> list[str]:
    done = cli("prune", "--out", "p.json", "--format", "json", *more)
    return [each["ami"] for each in document(done)["amis"] if each["action"] != "keep"]


def test_done_and_taken_back_equal_by_api(estate: PrunedAmis, root: Path, cli: Command) -> None:
    estate.rules(HERE)
    estate.ami(days=0.1)
    ami = estate.ami()
    before = estate.state(HERE)
    assert planned(cli) == [ami]
    done = cli("prune", "p.json", "--format", "json").expect(0)
    assert results(done) == {ami: "done"}
    print(done.err)
    assert ami not in estate.state(HERE)["amis"]
    run = document(done)["run"]
    back = cli("prune", "--undo", run, "--format", "json").expect(0)
    assert results(back) == {ami: "restored"}
    assert estate.state(HERE) == before
