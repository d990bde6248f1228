"""The build's rights by table: what two Packers ask of EC2, and what somebody in the build machine would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import hcl2
import pytest

from tests.e2e.downlevel import is_old
from tests.terraform.build_calls import (
    ATTACKS,
    COPIED,
    ELSEWHERE,
    GROUP,
    IMAGE,
    INSTANCE,
    MADE,
    NAMED_TWINS,
    OURS,
    SNAPSHOT,
    STRANGER,
    TWINS,
    UNSHARED,
    UNTAGGED,
    US,
    VOLUME,
)
from tests.terraform.iam_rights import REGION, is_allowed
from tests.terraform.module_uses import CONNECTION, PARTNERS, Policies, build_rights
from tests.terraform.packer_calls import PackerBuild, Request, record_packer, recorded

if TYPE_CHECKING:
    from tfgen.emulator.server import Emulator

ROOT = Path(__file__).resolve().parents[2]
#: Recorded as record_packer does it, with Packer 1.16.0 and the amazon plugin 1.8.2.
NEWEST = ROOT / "tests/data/packer-1.16.0-amazon-1.8.2.json"


@pytest.fixture(scope="module")
def newest() -> dict[str, PackerBuild]:
    return recorded(NEWEST)


def refused(rights: list[str], build: PackerBuild) -> list[Request]:
    return [request for request in build.requests() if not is_allowed(rights, *request)]


def shares(request: Request) -> bool:
    action, _, context = request
    attribute = any(key.startswith("ec2:Attribute/") for key in context)
    return action == "ec2:ModifySnapshotAttribute" or (action == "ec2:ModifyImageAttribute" and not attribute)


@pytest.mark.parametrize("use", ["defaults", "connected"])
def test_what_the_newest_packer_does_is_allowed_but_for_sharing(
    policies: Policies, newest: dict[str, PackerBuild], use: str
) -> None:
    build = newest["plain"]
    assert {"CreateSecurityGroup", "RunInstances", "CreateImage", "CreateTags", "DeleteSecurityGroup"} <= build.actions
    found = refused(build_rights(policies, use), build)
    assert [action for action, *_ in found] == ["ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"]
    assert all(shares(request) for request in found)


@pytest.mark.parametrize("use", ["named", "untagged"])
def test_where_it_is_told_so_it_shares_and_copies_too(
    policies: Policies, newest: dict[str, PackerBuild], use: str
) -> None:
    build = newest["copies"]
    assert {"CopyImage", "ModifySnapshotAttribute", "DeregisterImage", "EnableImageDeprecation"} <= build.actions
    rights = build_rights(policies, use)
    # Without image_regions there is no other region.
    there = [request for request in refused(rights, build) if request[2]["aws:RequestedRegion"] == REGION]
    assert there == []
    if use == "named":
        assert refused(rights, build) == []
        assert refused(rights, newest["plain"]) == []


def test_without_image_regions_nothing_is_copied(policies: Policies, newest: dict[str, PackerBuild]) -> None:
    """It ends there: Packer takes away the image that it had made to copy it."""
    found = refused(build_rights(policies, "defaults"), newest["copies"])
    assert found[0][0] == "ec2:CopyImage"
    cleaning = ("ec2:DeregisterImage", "ec2:DeleteSnapshot", "ec2:TerminateInstances", "ec2:DeleteSecurityGroup")
    assert not {action for action, *_ in found} & {*cleaning}


@pytest.mark.parametrize("tags", [{}, {"BuiltBy": "Packer", "Name": "packer-build-web"}])
def test_what_the_oldest_packer_does_is_allowed_where_the_module_knows_of_it(
    policies: Policies, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tags: dict[str, str]
) -> None:
    if not is_old():
        pytest.skip("about Packer 1.6.6: a newer one is recorded in tests/data")
    given = {"run_tags": tags, "ami_users": list(PARTNERS), "snapshot_users": list(PARTNERS)}
    build = record_packer(emulator, tmp_path, monkeypatch, **given)
    assert {"CreateImage", "CreateTags", "ModifySnapshotAttribute", "TerminateInstances"} <= build.actions
    for use in ("old", "untagged"):
        rights = build_rights(policies, use)
        assert [each for each in build.requests() if not is_allowed(rights, *each)] == [], use
    # Its groups have no tags: with a newer PACKER_VERSION it fails at its start, and nothing is left behind.
    assert refused(build_rights(policies, "defaults"), build)[0][0] == "ec2:CreateSecurityGroup"


@pytest.mark.parametrize("use", ["defaults", "connected", "named"])
@pytest.mark.parametrize("request_", ATTACKS, ids=lambda each: each[0])
def test_what_somebody_in_the_build_machine_may_not(policies: Policies, use: str, request_: Request) -> None:
    assert not is_allowed(build_rights(policies, use), *request_)


def test_there_are_enough_of_them() -> None:
    assert len({action for action, *_ in ATTACKS}) >= 25


def denied(use: str) -> list[Request]:
    """All that is denied in this use, and what is allowed in it when it is asked for in another region."""
    allowed = [*TWINS, *MADE, *(NAMED_TWINS if use == "named" else ())]
    for tag in ("ResourceTag", "RequestTag"):
        given, also = f"aws:{tag}/BuiltBy", {f"aws:{tag}/Name": "Packer Builder"}
        allowed += [
            (action, resource, {**{key: value for key, value in context.items() if key != given}, **also})
            for action, resource, context in allowed
            if given in context
        ]
    elsewhere = [
        (action, resource, {**context, **US})
        for action, resource, context in allowed
        if action.startswith("ec2:") and "NetworkInterface" not in action  # the region is in their ARNs
    ]
    there = [(action, resource, {**COPIED, **context}) for action, resource, context in ATTACKS]
    own = {"defaults": [*UNTAGGED, *UNSHARED], "connected": [*UNTAGGED, *UNSHARED, *there], "named": ELSEWHERE}
    return [*ATTACKS, *elsewhere, *own[use]]


@pytest.mark.parametrize("use", ["defaults", "connected", "named"])
def test_each_condition_is_needed(policies: Policies, use: str) -> None:
    """Without it, one of the calls in these tables is allowed."""
    calls = denied(use)
    assert [call for call in calls if is_allowed(build_rights(policies, use), *call)] == []
    needless = []
    for name in ("build", "more"):
        document = json.loads(policies[use].get(name, '{"Statement": []}'))
        others = [text for text in build_rights(policies, use) if text != policies[use].get(name)]
        for statement in document["Statement"]:
            for operator, keys in statement.get("Condition", {}).items():
                for key in list(keys):
                    value = keys.pop(key)
                    rights = [json.dumps(document), *others]
                    if not any(is_allowed(rights, *call) for call in calls):
                        needless.append((statement["Sid"], operator, key))
                    keys[key] = value
    assert needless == []


@pytest.mark.parametrize("request_", UNTAGGED, ids=lambda each: each[0])
def test_what_has_no_tag_is_not_made_ours(policies: Policies, request_: Request) -> None:
    for use in ("defaults", "connected"):
        assert not is_allowed(build_rights(policies, use), *request_)
    elsewhere = {**request_[2], "aws:RequestedRegion": "eu-central-1"}
    assert is_allowed(build_rights(policies, "connected"), request_[0], request_[1], elsewhere)


@pytest.mark.parametrize("request_", ELSEWHERE, ids=lambda each: each[0])
def test_a_named_network_is_the_only_one(policies: Policies, request_: Request) -> None:
    assert not is_allowed(build_rights(policies, "named"), *request_)


@pytest.mark.parametrize("request_", TWINS, ids=lambda each: each[0])
def test_what_is_the_builds_own_it_may(policies: Policies, request_: Request) -> None:
    for use in ("defaults", "connected", "named", "untagged"):
        assert is_allowed(build_rights(policies, use), *request_), use


@pytest.mark.parametrize("request_", NAMED_TWINS, ids=lambda each: each[0])
def test_what_is_named_it_may(policies: Policies, request_: Request) -> None:
    assert is_allowed(build_rights(policies, "named"), *request_)


def test_an_old_packer_opens_groups_images_and_snapshots_and_no_more(policies: Policies) -> None:
    rights = build_rights(policies, "old")
    opened = {
        (action, resource) for action, resource, context in ATTACKS if is_allowed(rights, action, resource, context)
    }
    assert {resource for _, resource in opened} == {GROUP, IMAGE, SNAPSHOT}
    # It cannot tell its own snapshot from another one, but to whom it gives it.
    snapshots = {action for action, resource in opened if resource == SNAPSHOT}
    assert snapshots == {"ec2:CreateTags", "ec2:DeleteSnapshot", "ec2:ModifySnapshotAttribute"}
    stranger = {**OURS, "ec2:Add/userId": [PARTNERS[0], STRANGER]}
    assert not is_allowed(rights, "ec2:ModifySnapshotAttribute", SNAPSHOT, stranger)


def test_the_pipeline_uses_its_own_repository_alone(policies: Policies) -> None:
    for service in ("codeconnections", "codestar-connections"):
        for repository, allowed in (("owner/repo", True), ("owner/secrets", False)):
            context = {f"{service}:FullRepositoryId": repository}
            use = f"{service}:UseConnection"
            assert is_allowed(policies["connected"]["pipeline"], use, CONNECTION, context) is allowed


def test_our_own_templates_may_start_and_end_their_instances(policies: Policies) -> None:
    """A template must say BuiltBy in its run_tags and run_volume_tags: see instance_tags."""
    wordpress = json.loads((ROOT / "packer/wordpress.json").read_text(encoding="utf-8"))["builders"][0]
    (base,) = [
        each["run_tags"]
        for each in hcl2.loads((ROOT / "packer/base.pkr.hcl").read_text(encoding="utf-8"))["locals"]
        if "run_tags" in each
    ]
    ours = {key: str(value).strip('"') for key, value in base.items()}
    for tags in (wordpress["run_tags"], wordpress["run_volume_tags"], ours):
        made = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
        there = {f"aws:ResourceTag/{name}": value for name, value in tags.items()}
        build = policies["defaults"]["build"]
        assert is_allowed(build, "ec2:RunInstances", INSTANCE, made)
        assert is_allowed(build, "ec2:CreateSecurityGroup", GROUP, made)
        assert is_allowed(build, "ec2:AuthorizeSecurityGroupIngress", GROUP, there)
        assert is_allowed(build, "ec2:TerminateInstances", INSTANCE, there)
        assert is_allowed(build, "ec2:DeleteVolume", VOLUME, there)
