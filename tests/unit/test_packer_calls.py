"""The table of Packer's calls says what was recorded."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
TABLE = tomllib.loads((DATA / "packer_calls.toml").read_text(encoding="utf-8"))
RECORDED = json.loads((DATA / "packer-1.16.0-amazon-1.8.2.json").read_text(encoding="utf-8"))


def recorded(build: str) -> list[str]:
    return list(dict.fromkeys(f"ec2:{call['action']}" for call in RECORDED[build]["calls"]))


def test_the_plain_build_is_as_recorded() -> None:
    assert TABLE["plain"]["1.8.2"] == ["sts:GetCallerIdentity", *recorded("plain")]


def test_each_recorded_call_of_the_other_build_is_of_an_option() -> None:
    options = [table for table in TABLE["options"].values() if table["how"] == "recorded"]
    found = {action for table in options for action in table["1.8.2"]}
    assert set(recorded("copies")) == {*TABLE["plain"]["1.8.2"][1:], *found}


def test_each_option_says_where_it_is_known_from() -> None:
    for name, table in TABLE["options"].items():
        assert table["when"], name
        assert table["how"] in ("recorded", "read"), name
        assert set(table) - {"when", "how"} <= {"1.6.6", "1.8.2", "input", "requests"}, name
        assert ("input" in table) == ("requests" in table), name


def test_each_call_that_needs_an_input_names_its_line() -> None:
    calls = [
        call for table in TABLE["options"].values() if table["how"] == "read" for call in table.get("requests", [])
    ]
    networks = [call for table in TABLE["networks"].values() for call in table["calls"]]
    assert len(calls) > 15
    lines = [call["at"] for call in (*calls, *networks) if call["at"] != "buildspec.yml"]
    assert [line for line in lines if not re.fullmatch(r"(?:builder|common)/[a-z0-9_/]+\.go:[1-9][0-9]*", line)] == []
