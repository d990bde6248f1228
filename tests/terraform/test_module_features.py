"""The rights that a template asks for by an input: allowed by that one alone, and to what is the build's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.terraform.feature_calls import ASKED, ATTACKS, OPTIONAL, by_name
from tests.terraform.iam_rights import is_allowed
from tests.terraform.module_uses import FEATURES, USES, Policies, build_rights

if TYPE_CHECKING:
    from tests.terraform.packer_calls import Request


def opted(use: str) -> set[str]:
    """The inputs of OPTIONAL that the use sets, also by its network."""
    given = USES[use]
    by_network = {"session_manager"} if given.get("network") == '"session-manager"' else set()
    return set(json.loads(given.get("build_features", "[]"))) | ({"instance_profiles"} & given.keys()) | by_network


@pytest.mark.parametrize("feature", OPTIONAL)
def test_it_is_allowed_by_its_own_input_alone(policies: Policies, feature: str) -> None:
    assert set(OPTIONAL) == {*FEATURES, "instance_profiles"}
    for use in USES:
        rights = build_rights(policies, use)
        asked = [*OPTIONAL[feature], *((action, arn, by_name(tags)) for action, arn, tags in OPTIONAL[feature])]
        allowed = [is_allowed(rights, *request) for request in asked]
        assert set(allowed) == {feature in opted(use)}, (use, allowed)


@pytest.mark.parametrize("option", [name for name, table in ASKED.items() if "input" in table])
def test_the_rest_of_what_it_asks_is_allowed_anyway(policies: Policies, option: str) -> None:
    """Nothing of the table is left out."""
    table = ASKED[option]
    needing = {call["action"] for call in table["requests"]}
    assert needing <= {*table["1.8.2"]}
    plain = build_rights(policies, "defaults")
    assert all(is_allowed(plain, action, "*", {}) for action in {*table["1.8.2"]} - needing)


@pytest.mark.parametrize("request_", ATTACKS, ids=lambda each: each[0])
def test_what_no_input_allows(policies: Policies, request_: Request) -> None:
    together = [text for use in OPTIONAL for text in build_rights(policies, use)]
    assert not is_allowed(together, *request_)


def test_each_condition_is_needed(policies: Policies) -> None:
    """Without it, one of the calls in the table is allowed."""
    needless = []
    for use in OPTIONAL:
        document = json.loads(policies[use]["features"])
        for statement in document["Statement"]:
            for operator, keys in statement.get("Condition", {}).items():
                for key in list(keys):
                    value = keys.pop(key)
                    if not any(is_allowed(json.dumps(document), *call) for call in ATTACKS):
                        needless.append((use, statement["Sid"], operator, key))
                    keys[key] = value
    assert needless == []
