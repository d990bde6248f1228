"""The lifecycle rule for a state's lock: what counts as one, and what is handed back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tfgen.aws.state_bucket.locks import expires_locks, with_locks_expiring

LOCK = "ami/terraform.tfstate.tflock"
END = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}


def rule(**changes: Any) -> dict[str, Any]:
    return {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, **END, **changes}


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (rule(), True),
        (rule(Filter={}), True),
        (rule(Filter={"Prefix": "ami/"}), True),
        (rule(Filter={"Prefix": "logs/"}), False),
        (rule(Status="Disabled"), False),
        (rule(Filter={"Tag": {"Key": "a", "Value": "b"}}), False),
        (rule(Filter={"And": {"Prefix": "ami/", "ObjectSizeGreaterThan": 1}}), False),
        ({"ID": "x", "Status": "Enabled", "Prefix": "ami/", **END}, True),
        ({"ID": "x", "Status": "Enabled", "Prefix": "b", **END}, False),
        ({"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}, False),
    ],
)
def test_what_ends_old_locks(found: dict[str, Any], counts: bool) -> None:
    assert expires_locks({"Rules": [rule(Status="Disabled"), found]}, LOCK) is counts
    assert not expires_locks({}, LOCK)


def test_rules_of_others_are_handed_back() -> None:
    others = [rule(Status="Disabled"), {"ID": "y", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]
    least = "varies_by_storage_class"
    made = with_locks_expiring({"Rules": others, "TransitionDefaultMinimumObjectSize": least}, LOCK)
    *kept, ours = made["LifecycleConfiguration"]["Rules"]
    assert kept == others
    assert made["TransitionDefaultMinimumObjectSize"] == least
    assert expires_locks({"Rules": [ours]}, LOCK)
    assert not expires_locks({"Rules": [ours]}, LOCK.removesuffix(".tflock")), "the state keeps its versions"
    # Ours takes the place of what somebody made of it; that of another state stays.
    another = with_locks_expiring(made["LifecycleConfiguration"], "b.tflock")["LifecycleConfiguration"]
    off = [{**one, "Status": "Disabled"} if one == ours else one for one in another["Rules"]]
    assert with_locks_expiring({"Rules": off}, LOCK)["LifecycleConfiguration"]["Rules"] == [
        *others,
        another["Rules"][-1],
        ours,
    ]


def test_one_configuration_has_one_form_of_rules() -> None:
    old = {"ID": "x", "Status": "Enabled", "Prefix": "logs/", "Expiration": {"Days": 1}}
    ours = with_locks_expiring({"Rules": [old]}, LOCK)["LifecycleConfiguration"]["Rules"][-1]
    assert (ours["Prefix"], "Filter" in ours) == (LOCK, False)


def test_the_name_of_a_rule_fits() -> None:
    (ours,) = with_locks_expiring({}, "k" * 1000)["LifecycleConfiguration"]["Rules"]
    assert len(ours["ID"]) == 255
