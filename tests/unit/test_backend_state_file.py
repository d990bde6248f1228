"""What of a state tells it from another one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfgen.state.state_file import State, parse_state
from tfgen_generators.errors import RefusedError

RESOURCE: dict[str, Any] = {
    "module": "module.web",
    "mode": "managed",
    "type": "x",
    "name": "y",
    "provider": "p",
    "instances": [{"index_key": 0, "schema_version": 0, "attributes": {"id": "1", "list": [1, 2.5, None]}}],
}


def state(**changes: object) -> State:
    document = {"version": 4, "serial": 3, "lineage": "a", "outputs": {}, "resources": [RESOURCE], **changes}
    parsed = parse_state(json.dumps(document).encode(), "x")
    assert parsed is not None
    return parsed


def resource(**changes: object) -> list[dict[str, object]]:
    return [{**RESOURCE, **changes}]


@pytest.mark.parametrize("data", [None, b"", b"\n"])
def test_no_state(data: bytes | None) -> None:
    assert parse_state(data, "x") is None


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"lineage": 1, "serial": 1}', b"\xff", b'{"lineage": "a"}'])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match=r"^x: is not a Terraform state"):
        parse_state(data, "x")


def test_what_counts() -> None:
    assert (state().resources, state().is_empty) == (1, False)
    assert state(resources=resource(mode="data")).resources == 0
    assert state(resources=[]).is_empty
    assert not state(resources=[], outputs={"x": {"value": 1, "type": "number"}}).is_empty
    assert not state(resources=[], encrypted_data="abc").is_empty


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lineage": "b"},
        {"lineage": "b", "serial": 1},
        {"terraform_version": "1.14.0", "check_results": None},
        {"serial": 4, "resources": []},
        {"resources": resource(instances=[{**RESOURCE["instances"][0], "schema_version": 1, "private": "x"}])},
    ],
)
def test_what_continues_it(changes: dict[str, object]) -> None:
    assert state(**changes).continues(state())


@pytest.mark.parametrize(
    "changes",
    [
        {"resources": []},
        {"serial": 2, "resources": []},
        {"lineage": "b", "serial": 9, "resources": []},
        {"resources": resource(module="module.db")},
        {"resources": resource(instances=[{"index_key": 0, "attributes": {"id": "2"}}])},
        {"resources": resource(instances=[*RESOURCE["instances"], *RESOURCE["instances"]])},
        {"outputs": {"x": {"value": 1}}},
        {"encrypted_data": "abc"},
    ],
)
def test_what_does_not(changes: dict[str, object]) -> None:
    assert not state(**changes).continues(state())
