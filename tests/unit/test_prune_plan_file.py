"""Plan files of `tfgen prune` that are no plan, or no whole one: each is refused before AWS is asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tfgen.prune.model import Plan, PlannedAmi
from tfgen.prune.plan_file import _digest, read_plan, write_plan
from tfgen_generators.errors import RefusedError, TfgenError, UsageError

_AMI = PlannedAmi(image="web", region="eu-west-1", ami="ami-1", action="deregister", because=())
_PLAN = Plan(amis=(_AMI,), accounts={"eu-west-1": "123456789012"}, made_at="2026-12-01T04:00:00Z", tfgen="1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_plan(tmp_path / "p.json", _PLAN)
    return tmp_path / "p.json"


def test_whatever_byte_is_changed(file: Path) -> None:
    good = file.read_bytes()
    assert read_plan(file) == _PLAN
    for at in range(len(good)):
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        try:
            found = read_plan(file)
        except TfgenError:
            continue
        assert found == _PLAN, at  # white space


@pytest.mark.parametrize(
    "more",
    [
        {"made_at": "never"},
        {"made_at": "2026-12-01T04:00:00"},
        {"accounts": {}},
        {"accounts": {"": "123456789012"}},
        {"accounts": {"us-east-1": "123456789012"}},
        {"amis": {}},
    ],
)
def test_one_that_says_too_little(more: dict[str, Any], file: Path) -> None:
    document = json.loads(file.read_text())
    document["plan"] |= more
    document["digest"] = _digest(document["plan"])
    file.write_text(json.dumps(document))
    with pytest.raises(RefusedError, match=r"make it again: tfgen prune --out FILE"):
        read_plan(file)


def test_what_is_no_plan(file: Path, tmp_path: Path) -> None:
    good = file.read_text()
    for text in ("", "[]", "[" * 100_000, '{"amis": []}', good[:-9]):
        file.write_text(text)
        with pytest.raises(UsageError, match=r"no plan of tfgen prune"):
            read_plan(file)
    for other in ("2", "true", '"1"', "null"):
        file.write_text(good.replace('"tfgen_prune": 1', f'"tfgen_prune": {other}'))
        with pytest.raises(RefusedError, match=r"a plan of another format"):
            read_plan(file)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"cannot be read"):
            read_plan(path)
    (tmp_path / "link").symlink_to(file)
    file.write_text(good + " " * 1_000_000)
    assert read_plan(tmp_path / "link") == _PLAN
