"""`tfgen prune FILE` and `--undo` on the emulator: what is done, what is kept at the last moment, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import JSON, Command, Repo, Result
from tests.documented import ROOT
from tests.terraform.pruned_amis import HERE, HOOK, THERE, PrunedAmis, quick
from tests.terraform.test_prune_kill import TOML
from tests.terraform.used_amis import OTHER_ACCOUNT
from tfgen.emulator.amis.state import at
from tfgen.emulator.server import Emulator
from tfgen.prune.policy import ACTIONS, APPLY_READS, APPLY_WRITES, UNDO_READS, UNDO_WRITES

FILES = {"tfgen.toml": TOML, "packer/web.json": JSON}
_BOTH = ("--region", HERE, "--region", THERE)


@pytest.fixture
def estate(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrunedAmis]:
    quick(emulator, monkeypatch)
    emulator.reset()
    with HOOK.installed():
        yield PrunedAmis(emulator=emulator)


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
    done = cli("prune", "--out", "p.json", "--format", "json", *more).expect(0)
    found = [each["ami"] for each in document(done)["amis"] if each["action"] != "keep"]
    HOOK.reset()
    return found


def apply(cli: Command, *more: str) -> Result:
    return cli("prune", "p.json", "--format", "json", *more)


def because(done: Result, ami: str) -> list[tuple[str, str]]:
    return next(
        [(one["kind"], one["id"]) for one in each["because"]] for each in document(done)["amis"] if each["ami"] == ami
    )


def actions() -> set[str]:
    return {f"{service}:{operation}" for service, operation, _ in HOOK.seen}


def both(estate: PrunedAmis) -> Any:
    return {region: estate.state(region) for region in (HERE, THERE)}


def test_done_and_taken_back_equal_by_api_with_the_documented_rights(
    estate: PrunedAmis, root: Path, cli: Command
) -> None:
    named = estate.small()
    estate.client("ec2").modify_snapshot_attribute(
        SnapshotId=estate.disk(named["child"]),
        Attribute="createVolumePermission",
        CreateVolumePermission={"Add": [{"UserId": OTHER_ACCOUNT}]},
    )
    before = both(estate)
    assert set(planned(cli, *_BOTH)) == {named[each] for each in ("deprecate", "disable", "parent", "child", "copy")}
    done = apply(cli).expect(0)
    assert set(results(done).values()) == {"done"}
    writes = {each for each in actions() if each in APPLY_WRITES}
    assert writes == set(APPLY_WRITES)
    assert actions() - set(ACTIONS) == {*APPLY_READS, *APPLY_WRITES}
    given = json.loads(cli("prune", "p.json", "--iam-policy").expect(0).out)["Statement"]
    allowed = {action for each in given for action in each["Action"]}
    assert allowed == {*ACTIONS, *APPLY_READS, *APPLY_WRITES, *UNDO_WRITES}
    run = document(done)["run"]
    runs = document(cli("prune", "--runs", "--format", "json").expect(0))["runs"]
    assert [(each["run"], each["state"]) for each in runs] == [(run, "ended")]
    assert f"{run}  " in cli("prune", "--runs").expect(0).out
    HOOK.reset()
    back = cli("prune", "--undo", run, "--format", "json").expect(0)
    assert set(results(back).values()) == {"restored"}
    assert both(estate) == before
    # Nothing differed but what the actions change; test_given_back has the rest.
    assert actions() <= {*UNDO_READS, *UNDO_WRITES}
    given = json.loads(cli("prune", "--undo", run, "--iam-policy").expect(0).out)["Statement"]
    assert {action for each in given for action in each["Action"]} == {*UNDO_READS, *UNDO_WRITES}
    page = (ROOT / "docs/prune.md").read_text()
    assert all(f'"{action}"' in page for action in {*ACTIONS, *APPLY_READS, *APPLY_WRITES, *UNDO_READS, *UNDO_WRITES})


def test_given_back_with_all_that_the_bin_forgets(estate: PrunedAmis, root: Path, cli: Command) -> None:
    """As a record says it: launch permissions, tags, description, deprecation."""
    from tfgen.aws.session import open_account
    from tfgen.prune.acting.record import read_record
    from tfgen.prune.acting.restore import Restore, differences

    estate.rules(HERE)
    ami = estate.ami(days=100)
    estate.share(ami)
    ec2, account = estate.client("ec2"), open_account(HERE)
    ec2.modify_image_attribute(ImageId=ami, Description={"Value": "ours"})
    record = read_record(account, ami, "web", "deregister")
    assert record is not None
    assert record.permissions == ({"UserId": OTHER_ACCOUNT},)
    before = estate.state(HERE)
    ec2.deregister_image(ImageId=ami)
    ec2.delete_snapshot(SnapshotId=record.snapshots[0].id)
    HOOK.reset()
    assert Restore(account, record).run() == "restored"
    after = estate.state(HERE)
    assert after == before
    ec2.modify_image_attribute(ImageId=ami, Description={"Value": ""})
    ec2.delete_tags(Resources=[ami], Tags=[{"Key": "Template"}])
    ec2.disable_image(ImageId=ami)
    ec2.enable_image_deprecation(ImageId=ami, DeprecateAt="2030-01-01T00:00:00Z")
    now = read_record(account, ami, "web", "deregister")
    assert now is not None
    assert {each.split(" was ")[0] for each in differences(record, now)} == {
        *("state", "launch permissions", "deprecation", "description", "tags")
    }
    assert Restore(account, record).run() == "restored"
    assert estate.state(HERE) == before
    assert {each for each in actions() if each in UNDO_WRITES} >= {"ec2:EnableImage", "ec2:DisableImageDeprecation"}


def test_what_begins_between_plan_and_call_keeps_its_ami(estate: PrunedAmis, root: Path, cli: Command) -> None:
    estate.rules(HERE)
    estate.ami(days=0.1)
    names = ("instance", "template", "parameter", "shared", "protected", "by hand", "late")
    amis = {name: estate.ami(days=200 - number) for number, name in enumerate(names)}
    ec2 = estate.client("ec2")
    template = estate.template("ami-00000000000000001")
    assert set(planned(cli)) == set(amis.values())

    def meanwhile() -> None:
        estate.instance(amis["instance"])
        ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={"ImageId": amis["template"]})
        estate.parameter("/new", amis["parameter"])
        estate.share(amis["shared"])
        ec2.enable_image_deregistration_protection(ImageId=amis["protected"])
        ec2.deregister_image(ImageId=amis["by hand"])

    def last_moment(_: int, operation: str, arguments: dict[str, Any]) -> None:
        """After everything was asked: as an instance that starts in the very moment of the call."""
        if operation == "ListRules":
            if not done:
                done.append(1)
                meanwhile()
        elif operation == "DeregisterImage" and arguments["ImageId"] == amis["late"]:
            estate.instance(amis["late"])

    done: list[int] = []
    HOOK.before = last_moment
    applied = apply(cli).expect(0)
    assert results(applied) == {ami: "gone" if name == "by hand" else "kept" for name, ami in amis.items()}
    reasons = {name: because(applied, ami)[0][0] for name, ami in amis.items() if name != "by hand"}
    assert reasons == {
        "instance": "instance",
        "template": "launch-template",
        "parameter": "ssm-parameter",
        "shared": "shared",
        "protected": "deregistration-protection",
        "late": "instance",
    }
    left = estate.state(HERE)
    assert {amis[name] for name in names if name != "by hand"} <= left["amis"].keys()
    assert len(left["snapshots"]) == len(names) + 1
    assert estate.disk(amis["late"]) in left["snapshots"]


def test_a_source_that_cannot_be_asked_then(estate: PrunedAmis, root: Path, cli: Command, failing: Any) -> None:
    named = estate.small()
    before = both(estate)
    planned(cli, *_BOTH)
    failing("DescribeAutoScalingGroups", region=HERE)
    done = apply(cli).expect(3)
    # The copy follows its source, which is where nothing can be known.
    assert set(results(done).values()) == {"not-done", "kept"}
    assert because(done, named["copy"]) == [("copy-of", f"{HERE}/{named['child']}")]
    assert document(done)["unreadable"][0]["source"] == "auto-scaling-groups"
    assert both(estate) == before
    # The same while it acts: what was done stays, the rest of the region is not done.
    failing("DescribeAutoScalingGroups", region=HERE, after="DisableImage")
    done = apply(cli).expect(3)
    assert results(done)[named["child"]] == "done"
    assert results(done)[named["disable"]] == "unfinished"
    assert results(done)[named["deprecate"]] == "not-done"
    failing("")
    done = apply(cli).expect(0)
    assert results(done) == {
        **dict.fromkeys((named["child"], named["parent"], named["copy"]), "already"),
        named["deprecate"]: "done",
        named["disable"]: "done",
    }
    assert because(done, named["disable"])[0][0] == "begun"


def test_without_a_rule_of_the_recycle_bin(estate: PrunedAmis, root: Path, cli: Command, failing: Any) -> None:
    named = estate.small()
    rules = at(estate.emulator.account_id, HERE).rules
    planned(cli, *_BOTH)
    rules["EBS_SNAPSHOT"]["Status"] = "pending"
    done = apply(cli).expect(3)
    assert "EBS_SNAPSHOT in eu-west-1: snap-" in done.err
    assert "--resource-type EBS_SNAPSHOT --retention-period" in done.err
    assert "--no-undo deletes for ever" in done.err
    assert done.out == ""
    failing("GetRule", region=THERE)
    assert "the Recycle Bin in us-east-1 cannot be asked" in apply(cli).expect(3).err
    assert not any(operation.startswith(("Deregister", "Delete")) for _, operation, _ in HOOK.seen)
    failing("")
    rules.clear()
    done = apply(cli, "--no-undo").expect(0)
    assert set(results(done).values()) == {"done"}
    back = cli("prune", "--undo", document(done)["run"], "--format", "json").expect(1)
    assert results(back) == {
        named["copy"]: "restored",
        named["child"]: "not-restored",
        named["parent"]: "not-restored",
        named["disable"]: "restored",
        named["deprecate"]: "restored",
    }
    (said,) = [each["error"] for each in document(back)["amis"] if each["ami"] == named["child"]]
    assert "not in the Recycle Bin" in said


def test_one_call_denied_many_calls_throttled(estate: PrunedAmis, root: Path, cli: Command, failing: Any) -> None:
    named = estate.small()
    planned(cli, *_BOTH)
    failing("DisableImage")
    done = apply(cli).expect(1)
    assert results(done) == {
        **dict.fromkeys((named[each] for each in ("deprecate", "parent", "child", "copy")), "done"),
        named["disable"]: "failed",
    }
    (error,) = [each["error"] for each in document(done)["amis"] if each["error"]]
    assert "DisableImage" in error or "disable_image" in error
    estate.emulator.reset()
    named = estate.small()
    planned(cli, *_BOTH)
    failing("DeleteSnapshot", code="RequestLimitExceeded", region=HERE)
    done = apply(cli).expect(1)
    assert results(done) == {
        named["copy"]: "done",
        named["child"]: "unfinished",
        **dict.fromkeys((named[each] for each in ("parent", "disable", "deprecate")), "not-done"),
    }
    states = [each["state"] for each in document(cli("prune", "--runs", "--format", "json"))["runs"]]
    assert states[0] == "broken off"
    assert "was broken off: run tfgen prune FILE" in cli("prune").expect(0).err
    failing("")
    done = apply(cli).expect(0)
    assert [each["result"] for each in document(done)["amis"] if each["ami"] == named["child"]] == ["done"]
    assert {each["state"] for each in document(cli("prune", "--runs", "--format", "json"))["runs"]} == {"ended"}
    assert len(estate.state(HERE)["snapshots"]) == 4


def test_plans_that_are_refused_and_options(estate: PrunedAmis, root: Path, cli: Command) -> None:
    estate.small()
    amis = planned(cli, *_BOTH)
    text = (root / "p.json").read_text()
    (root / "p.json").write_text(text.replace(amis[0], amis[1]))
    assert "the plan was changed after it was made" in apply(cli).expect(3).err
    (root / "p.json").write_text(text.replace('"tfgen_prune": 1', '"tfgen_prune": 2'))
    assert "a plan of another format (2)" in apply(cli).expect(3).err
    (root / "p.json").write_text(text)
    assert set(results(apply(cli, "--dry-run").expect(0)).values()) == {"planned"}
    assert "exclude each other" in cli("prune", "p.json", "--runs").expect(64).err
    assert "are for a plan that is made" in cli("prune", "p.json", "--region", HERE).expect(64).err
    assert "--no-undo is for a plan that is carried out" in cli("prune", "--no-undo").expect(64).err
    assert "run 'x' not found" in cli("prune", "--undo", "x").expect(64).err
    assert not [each for _, each, _ in HOOK.seen if each.startswith(("Deregister", "Delete", "Disable", "Enable"))]


@pytest.fixture
def failing(estate: PrunedAmis) -> Iterator[Callable[..., None]]:
    """Makes one operation of the command fail, in one region or in all, from the call of another on."""
    from unittest.mock import patch

    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    real, chosen = BaseClient._make_api_call, list[tuple[str, str, str, str]]()

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        for name, code, region, after in () if HOOK.busy else chosen:
            begun = not after or any(each == after for _, each, _ in HOOK.seen)
            if operation == name and region in ("", self.meta.region_name) and begun:
                raise ClientError({"Error": {"Code": code, "Message": "not now"}}, operation)
        return real(self, operation, arguments)

    def fail(operation: str, *, code: str = "AccessDenied", region: str = "", after: str = "") -> None:
        HOOK.reset()
        chosen[:] = [(operation, code, region, after)]

    with patch.object(BaseClient, "_make_api_call", call):
        yield fail
