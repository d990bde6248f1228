"""`tfgen promote` and `tfgen rollback` on the emulator: all regions or none, whatever happens on the way."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from tests import depth
from tests.conftest import Command, Repo
from tests.documented import ROOT
from tests.terraform.channels_on_aws import (
    HOOK,
    OTHERS,
    OURS,
    REGIONS,
    Channels,
    KilledError,
    accounts,
    publish,
)
from tests.terraform.state_estate import Aws
from tfgen.aws.channels import lock as channel_lock
from tfgen.aws.channels import move as channel_move
from tfgen.aws.channels.read import channels_of, history, targets
from tfgen.aws.copies import copy as copying
from tfgen.aws.copies.find import read_image
from tfgen.aws.pipelines.runs import BuildFacts
from tfgen.emulator.amis.state import at
from tfgen.emulator.server import Emulator
from tfgen.publish import gates
from tfgen.publish.gates import why_altered
from tfgen.publish.policy import policy
from tfgen.publish.promote import promote
from tfgen.publish.rollback import rollback
from tfgen_generators.errors import BusyError, RefusedError, TfgenError
from tfgen_generators.settings.publish.tables import Gate

HOME, MIDDLE, LAST = REGIONS


@pytest.fixture
def channels(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channels]:
    monkeypatch.setattr(channel_move, "POLL", 0.0)
    monkeypatch.setattr(copying, "POLL", 0.0)
    emulator.reset()
    HOOK.reset()
    yield Channels(accounts(emulator.endpoint), tmp_path)
    HOOK.reset()


def test_a_failing_copy_moves_nothing_and_the_next_run_goes_on(channels: Channels) -> None:
    ami = channels.image(1)
    at(OURS, LAST).copy_error = "UnauthorizedOperation"
    with pytest.raises(TfgenError, match="was not copied to us-east-1") as caught:
        promote(channels.request("prod", ami=ami), channels.say)
    assert "run the same command again" in str(caught.value)
    assert [channels.pointer("prod", region) for region in REGIONS] == ["", "", ""]
    (copy,) = channels.images(MIDDLE)
    at(OURS, LAST).copy_error = ""
    report = promote(channels.request("prod", ami=ami), channels.say)
    assert [(one.region, one.action, one.copy) for one in report.regions] == [
        (HOME, "moved", "source"),
        (MIDDLE, "moved", "found"),
        (LAST, "moved", "made"),
    ]
    assert channels.pointer("prod", MIDDLE) == copy
    assert [len(channels.images(region)) for region in REGIONS] == [1, 1, 1]
    channels.require_launchable()
    tags = {tag["Key"]: tag["Value"] for tag in channels.images(LAST)[channels.pointer("prod", LAST)]["Tags"]}
    assert (tags["CopiedFrom"], tags["Template"]) == (f"{HOME}/{ami}", "packer/web.json")
    again = promote(channels.request("prod", ami=ami), channels.say)
    assert {one.action for one in again.regions} == {"unchanged"}


def test_a_copy_that_failed_is_made_again_under_another_name(channels: Channels) -> None:
    ami = channels.image(1)
    at(OURS, MIDDLE).copies = "failed"
    with pytest.raises(TfgenError, match="is failed"):
        promote(channels.request("prod", ami=ami), channels.say)
    assert channels.pointer("prod", HOME) == ""
    at(OURS, MIDDLE).copies = "available"
    promote(channels.request("prod", ami=ami), channels.say)
    assert sorted(one["Name"] for one in channels.images(MIDDLE).values()) == ["web-1", "web-1-copy2"]
    channels.require_launchable()


@depth.deep
def test_killed_after_every_write_no_pointer_is_to_what_cannot_be_started(
    channels: Channels, emulator: Emulator
) -> None:
    """Killed before a read is killed after the write before it. Without --deep after every second write."""
    wanted, writes = _killed(channels, emulator, -1)
    assert writes >= 11
    for after in range(0, writes, depth.amount(2, 1)):
        state, _ = _killed(channels, emulator, after)
        assert state == wanted, f"killed after write {after}"


def _killed(channels: Channels, emulator: Emulator, after: int) -> tuple[dict[str, Any], int]:
    """The state after a run from one AMI to the next that is killed, and another run."""
    emulator.reset()
    old, new = channels.image(1), channels.image(2)
    template = channels.call(
        *("ec2", "create_launch_template"), LaunchTemplateName="web", LaunchTemplateData={"ImageId": old}
    )["LaunchTemplate"]["LaunchTemplateId"]
    settings = publish(launch_templates={"prod": {"web": [template]}})
    promote(channels.request("prod", settings, ami=old), channels.say)
    HOOK.reset()
    HOOK.kill_after = after
    with contextlib.suppress(KilledError):
        promote(channels.request("prod", settings, ami=new), channels.say)
    writes = HOOK.writes
    HOOK.reset()
    channels.require_launchable()
    _age_lock(channels)
    promote(channels.request("prod", settings, ami=new), channels.say)
    state = channels.state()
    versions = channels.call("ec2", "describe_launch_template_versions", LaunchTemplateId=template)
    state["launch template"] = [
        (one["DefaultVersion"], one["LaunchTemplateData"]["ImageId"] == new)
        for one in versions["LaunchTemplateVersions"]
    ]
    return state, writes


def _age_lock(channels: Channels) -> None:
    """A lock that a killed run left is of long ago."""
    name = "/images/web/prod.lock"
    text = channels.call("ssm", "get_parameter", Name=name)["Parameter"]["Value"]
    if text != "free":
        parts = text.split()
        parts[2] = "2020-01-01T00:00:00Z"
        channels.call("ssm", "put_parameter", Name=name, Value=" ".join(parts), Type="String", Overwrite=True)


def test_a_rollback_that_is_killed_is_finished_by_the_next(channels: Channels, emulator: Emulator) -> None:
    writes = 4  # the lock, two pointers, the lock
    two = publish(regions=[HOME, MIDDLE])
    for after in range(writes + 1):
        emulator.reset()
        old, new = channels.image(1), channels.image(2)
        for ami in (old, new):
            promote(channels.request("prod", two, ami=ami), channels.say)
        HOOK.reset()
        HOOK.kill_after = after
        with contextlib.suppress(KilledError):
            rollback(channels.request("prod", two, version="1"), channels.say)
        assert HOOK.writes == min(after, writes)
        HOOK.reset()
        channels.require_launchable()
        _age_lock(channels)
        rollback(channels.request("prod", two, version="1"), channels.say)
        assert {one["points to"] for one in channels.state().values() if one["images"]} == {"web-1"}
        assert [len(channels.images(region)) for region in REGIONS] == [2, 2, 0]


def test_a_process_that_is_killed_for_real(channels: Channels) -> None:
    old, new = channels.image(1), channels.image(2)
    promote(channels.request("prod", ami=old), channels.say)
    child = os.fork()
    if child == 0:
        HOOK.before = lambda operation, region: (
            os._exit(9) if operation == "PutParameter" and region == MIDDLE else None
        )
        try:
            promote(channels.request("prod", ami=new), channels.say)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert channels.pointer("prod", HOME) == new
    channels.require_launchable()
    with pytest.raises(BusyError, match="is being moved by arn:aws"):
        promote(channels.request("prod", ami=new), channels.say)
    _age_lock(channels)
    report = promote(channels.request("prod", ami=new), channels.say)
    assert [one.action for one in report.regions] == ["unchanged", "moved", "moved"]


def test_a_pointer_that_cannot_be_moved_takes_the_others_back(channels: Channels) -> None:
    old, new = channels.image(1), channels.image(2)
    promote(channels.request("prod", ami=old), channels.say)
    before = channels.state()

    def deregistered(operation: str, region: str) -> None:
        if operation == "PutParameter" and region == LAST:
            HOOK.reset()
            (copy,) = [key for key, one in channels.images(LAST).items() if one["Name"] == "web-2"]
            channels.call("ec2", "deregister_image", LAST, ImageId=copy)

    HOOK.before = deregistered
    with pytest.raises(TfgenError, match="AWS did not accept ami-"):
        promote(channels.request("prod", ami=new), channels.say)
    after = channels.state()
    assert [after[region]["points to"] for region in REGIONS] == [before[region]["points to"] for region in REGIONS]
    channels.require_launchable()
    assert channels.call("ssm", "get_parameter", Name="/images/web/prod.lock")["Parameter"]["Value"] == "free"


def test_two_at_once_one_wins_everywhere(channels: Channels) -> None:
    """The second begins right before the first one's write of the lock, and of its first pointer."""
    first, second = channels.image(1), channels.image(2)
    for moment in (1, 2):
        results: list[object] = []
        puts = [0]

        def other(operation: str, region: str, moment: int = moment, results: Any = results, puts: Any = puts) -> None:
            if operation != "PutParameter":
                return
            puts[0] += 1
            if puts[0] == moment:
                HOOK.reset()
                try:
                    results.append(promote(channels.request("prod", ami=second), channels.say))
                except TfgenError as error:
                    results.append(error)

        HOOK.before = other
        try:
            results.append(promote(channels.request("prod", ami=first), channels.say))
        except TfgenError as error:
            results.append(error)
        HOOK.reset()
        losers = [one for one in results if isinstance(one, BusyError)]
        assert len(results) == 2
        assert len(losers) == (1 if moment == 2 else 0), results
        names = {channels.state()[region]["points to"] for region in REGIONS}
        assert len(names) == 1
        channels.require_launchable()


@pytest.mark.parametrize(
    "before", ["", "free", "held since 2020-01-01T00:00:00Z by arn:aws:iam::1:role/x run " + "0" * 32]
)
def test_of_many_writers_of_a_lock_one_wins(channels: Channels, before: str) -> None:
    """They all read it as free, or as one of a run that was killed, before any of them writes."""
    if before:
        channels.call("ssm", "put_parameter", Name="/images/web/prod.lock", Value=before, Type="String")
        HOOK.reset()
    held: list[channel_lock.ChannelLock] = []
    lost: list[BusyError] = []
    barrier = threading.Barrier(5)

    def wait(operation: str, region: str) -> None:
        if operation == "PutParameter":
            barrier.wait(timeout=20)

    HOOK.before = wait

    def run() -> None:
        one = channel_lock.ChannelLock(channels.home, "/images/web/prod.lock")
        try:
            one.acquire()
            held.append(one)
        except BusyError as error:
            lost.append(error)

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    HOOK.reset()
    assert (len(held), len(lost)) == (1, 4)
    with pytest.raises(BusyError):
        channel_lock.ChannelLock(channels.home, "/images/web/prod.lock").acquire()
    held[0].release()
    channel_lock.ChannelLock(channels.home, "/images/web/prod.lock").acquire()


def test_a_write_by_hand_in_between_stays(channels: Channels) -> None:
    first, second, third = (channels.image(number) for number in (1, 2, 3))
    settings = publish(regions=[HOME])
    promote(channels.request("prod", settings, ami=first), channels.say)

    def by_hand(operation: str, region: str) -> None:
        seen = HOOK.seen.count("ssm:PutParameter")
        if operation == "PutParameter" and seen == 2:  # the lock was first
            HOOK.before = lambda operation, region: None
            arguments: dict[str, Any] = {
                "Name": "/images/web/prod",
                "Value": third,
                "DataType": "aws:ec2:image",
                "Overwrite": True,
            }
            channels.call("ssm", "put_parameter", **arguments)

    HOOK.reset()
    HOOK.before = by_hand
    with pytest.raises(BusyError, match="written by somebody else"):
        promote(channels.request("prod", settings, ami=second), channels.say)
    assert channels.pointer("prod", HOME) == third


def test_a_rollback_goes_back_and_further_back_and_lists_who_runs_it(channels: Channels) -> None:
    amis = [channels.image(number) for number in (1, 2, 3)]
    for ami in amis:
        promote(channels.request("prod", ami=ami), channels.say)
    started = channels.call("ec2", "run_instances", ImageId=amis[2], MinCount=1, MaxCount=1)["Instances"][0]
    report = rollback(channels.request("prod"), channels.say)
    assert report.ami == amis[1]
    assert [(one.instance, one.ami) for one in report.running] == [(started["InstanceId"], amis[2])]
    assert {channels.state()[region]["points to"] for region in REGIONS} == {"web-2"}
    assert rollback(channels.request("prod"), channels.say).ami == amis[0]
    with pytest.raises(TfgenError, match="has had no other AMI"):
        rollback(channels.request("prod"), channels.say)
    assert rollback(channels.request("prod", version="3"), channels.say).ami == amis[2]
    assert [len(channels.images(region)) for region in REGIONS] == [3, 3, 3]
    channels.call("ec2", "deregister_image", ImageId=amis[0])
    with pytest.raises(TfgenError, match=r"which version 1 of /images/web/prod points to, was deregistered"):
        rollback(channels.request("prod", version="1"), channels.say)
    with pytest.raises(TfgenError, match="--to 99: there is no such version or label"):
        rollback(channels.request("prod", version="99"), channels.say)


def test_a_launch_template_that_resolves_starts_the_ami_of_the_moved_channel(channels: Channels) -> None:
    old, new = channels.image(1), channels.image(2)
    data = {"ImageId": "resolve:ssm:/images/web/prod", "InstanceType": "t3.micro"}
    made = channels.call("ec2", "create_launch_template", LaunchTemplateName="follows", LaunchTemplateData=data)
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    settings = publish(launch_templates={"prod": {"web": [template]}})
    for ami in (old, new):
        report = promote(channels.request("prod", settings, ami=ami), channels.say)
        assert [one.action for one in report.launch_templates] == ["follows"]
        started = channels.call(
            *("ec2", "run_instances"), LaunchTemplate={"LaunchTemplateId": template}, MinCount=1, MaxCount=1
        )
        assert started["Instances"][0]["ImageId"] == ami


def test_launch_templates_of_others_are_said_and_not_touched(channels: Channels) -> None:
    ami = channels.image(1)
    (channels.root / "main.tf").write_text('resource "aws_launch_template" "a" {\n  name = "of-terraform"\n}\n')
    ids = []
    for name, tags in {
        "of-terraform": [],
        "of-a-stack": [{"Key": "aws:cloudformation:stack-name", "Value": "s"}],
    }.items():
        specification = [{"ResourceType": "launch-template", "Tags": tags}] if tags else []
        made = channels.call(
            *("ec2", "create_launch_template"),
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": "ami-12345678"},
            TagSpecifications=specification,
        )
        ids.append(made["LaunchTemplate"]["LaunchTemplateId"])
    settings = publish(launch_templates={"prod": {"web": ids}})
    report = promote(channels.request("prod", settings, ami=ami), channels.say)
    assert [(one.action, one.reason.split(" owns")[0]) for one in report.launch_templates] == [
        ("owned", "main.tf"),
        ("owned", "CloudFormation stack s"),
    ]
    channels.call("ec2", "delete_launch_template", LaunchTemplateId=ids[0])
    with pytest.raises(TfgenError, match=f"launch template {ids[0]} of web is in none of"):
        promote(channels.request("prod", settings, ami=ami), channels.say)


def test_a_launch_template_that_is_deleted_meanwhile_is_said_and_the_channel_has_moved(channels: Channels) -> None:
    ami = channels.image(1)
    made = channels.call(
        *("ec2", "create_launch_template"), LaunchTemplateName="w", LaunchTemplateData={"ImageId": "ami-12345678"}
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    settings = publish(launch_templates={"prod": {"web": [template]}})

    def deleted(operation: str, region: str) -> None:
        if operation == "CreateLaunchTemplateVersion":
            HOOK.reset()
            channels.call("ec2", "delete_launch_template", LaunchTemplateId=template)

    HOOK.before = deleted
    with pytest.raises(TfgenError, match=f"/images/web/prod was moved, and launch template {template}"):
        promote(channels.request("prod", settings, ami=ami), channels.say)
    assert channels.pointer("prod", LAST)
    channels.require_launchable()


def test_what_is_no_channel_is_refused_before_anything_is_written(channels: Channels) -> None:
    ami = channels.image(1)
    channels.call("ssm", "put_parameter", MIDDLE, Name="/images/web/prod", Value="x", Type="String")
    with pytest.raises(RefusedError, match="has type String, data type text, not String and aws:ec2:image"):
        promote(channels.request("prod", ami=ami), channels.say)
    assert channels.pointer("prod", HOME) == ""
    assert channels.images(MIDDLE) == {}


def test_a_dry_run_writes_nothing(channels: Channels) -> None:
    ami = channels.image(1)
    HOOK.reset()
    report = promote(channels.request("prod", ami=ami, dry_run=True), channels.say)
    assert HOOK.writes == 0
    assert [(one.action, one.copy) for one in report.regions] == [
        ("would-move", "source"),
        ("would-move", "would-make"),
        ("would-move", "would-make"),
    ]


def test_what_the_build_has_copied_itself_is_a_copy(channels: Channels) -> None:
    """With encrypt_boot it is copied from an AMI that is gone: name and build are the same."""
    ami, theirs = channels.image(1), channels.image(1, MIDDLE)
    report = promote(channels.request("prod", publish(regions=[HOME, MIDDLE]), ami=ami), channels.say)
    assert [(one.ami, one.copy) for one in report.regions] == [(ami, "source"), (theirs, "found")]
    assert channels.shared_with(theirs, MIDDLE) == sorted(OTHERS)


def test_another_image_of_the_name_is_not_taken_for_a_copy(channels: Channels) -> None:
    ami = channels.image(1)
    other = channels.image(1, MIDDLE, CodeBuildProject="other:1")
    with pytest.raises(RefusedError, match=f"{other} in {MIDDLE} has the name web-1 and is no copy of {ami}"):
        promote(channels.request("prod", ami=ami), channels.say)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (Gate(pipeline=False), "CodeBuild has no build web-ami-pipeline:build-1"),
        (Gate(tags=False), "there is no pipeline web-ami-pipeline"),
        (Gate(pipeline=False, tags=False, min_age="1h"), "was in staging for 0h 0m"),
        (Gate(pipeline=False, tags=False, approved_by=["arn:aws:iam::1:role/x"]), "is not in approved_by"),
        (Gate(pipeline=False, tags=False, command=["sh", "-c", "exit 4"]), "sh ended with 4"),
        (Gate(pipeline=False, tags=False, command=["./missing"]), "could not be started"),
    ],
)
def test_a_closed_gate_says_why_and_nothing_is_done(channels: Channels, gate: Gate, reason: str) -> None:
    ami = channels.image(1)
    promote(channels.request("staging", ami=ami), channels.say)
    HOOK.reset()
    settings = publish(gates={"prod": gate})
    report = promote(channels.request("prod", settings), channels.say)
    (closed,) = report.gates
    assert not closed.passed
    assert reason in closed.reason
    assert HOOK.writes == 0


def test_open_gates(channels: Channels) -> None:
    ami = channels.image(1)
    promote(channels.request("staging", ami=ami), channels.say)
    command = ["sh", "-c", 'test "$TFGEN_AMI $TFGEN_CHANNEL" = "$0 prod"', ami]
    settings = publish(gates={"prod": Gate(pipeline=False, tags=False, approved_by=["arn:aws:*"], command=command)})
    report = promote(channels.request("prod", settings), channels.say)
    assert [one.passed for one in report.gates] == [True, True]
    assert report.source == "staging"
    assert channels.pointer("prod", HOME) == ami


def test_the_key_that_aws_manages_is_not_shared(channels: Channels) -> None:
    ami = channels.image(1)
    settings = publish(kms_keys=dict.fromkeys(REGIONS, "alias/aws/ebs"))
    with pytest.raises(RefusedError, match="the key that AWS manages"):
        promote(channels.request("prod", settings, ami=ami), channels.say)
    assert channels.pointer("prod", HOME) == ""


def test_a_key_that_an_account_may_not_use_is_refused_and_one_that_it_may_is_taken(channels: Channels) -> None:
    ami = channels.image(1)
    keys = {region: channels.call("kms", "create_key", region)["KeyMetadata"]["Arn"] for region in REGIONS}
    settings = publish(kms_keys=keys)
    with pytest.raises(RefusedError, match=f"does not let {', '.join(OTHERS)} use it"):
        promote(channels.request("prod", settings, ami=ami), channels.say)
    assert channels.images(MIDDLE) == {}
    who = [f"arn:aws:iam::{one}:root" for one in OTHERS]
    statement = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "kms:*", "Resource": "*"}
    for region, key in keys.items():
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        channels.call("kms", "put_key_policy", region, KeyId=key, PolicyName="default", Policy=text)
    promote(channels.request("prod", settings, ami=ami), channels.say)
    channels.require_launchable()


def test_a_key_that_was_disabled_and_an_ami_that_was(channels: Channels) -> None:
    """Also where nobody else may start the AMI: we cannot start it either."""
    ami = channels.image(1)
    keys = {region: channels.call("kms", "create_key", region)["KeyMetadata"]["Arn"] for region in REGIONS}
    settings = publish(kms_keys=keys, accounts=[])
    promote(channels.request("staging", settings, ami=ami), channels.say)
    channels.call("kms", "disable_key", MIDDLE, KeyId=keys[MIDDLE].rpartition("/")[2])
    with pytest.raises(RefusedError, match=f"{MIDDLE}: key {keys[MIDDLE]} is Disabled; enable it"):
        promote(channels.request("prod", settings), channels.say)
    channels.call("kms", "enable_key", MIDDLE, KeyId=keys[MIDDLE].rpartition("/")[2])
    copy = channels.pointer("staging", MIDDLE)
    channels.call("ec2", "disable_image", MIDDLE, ImageId=copy)
    with pytest.raises(TfgenError, match=f"copy {copy} in {MIDDLE} is disabled; enable it"):
        promote(channels.request("prod", settings), channels.say)
    channels.call("ec2", "disable_image", ImageId=ami)
    with pytest.raises(TfgenError, match=f"{ami} in {HOME} is disabled; enable it"):
        rollback(channels.request("staging", settings, version="1"), channels.say)
    assert [channels.pointer("prod", region) for region in REGIONS] == ["", "", ""]


def test_the_policy_has_the_actions_that_are_seen_and_no_others(channels: Channels) -> None:
    """One run with everything; what EC2 does with a key in the caller's name is no call of ours."""
    old, new = channels.image(1), channels.image(2)
    keys = {region: channels.call("kms", "create_key", region)["KeyMetadata"]["Arn"] for region in REGIONS}
    for region, key in keys.items():
        statement = {"Effect": "Allow", "Principal": {"AWS": OTHERS[0]}, "Action": "kms:*", "Resource": "*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        channels.call("kms", "put_key_policy", region, KeyId=key, PolicyName="default", Policy=text)
        channels.call(
            "kms",
            "create_grant",
            region,
            KeyId=key,
            GranteePrincipal=f"arn:aws:iam::{OTHERS[1]}:root",
            Operations=["Decrypt"],
        )
    made = channels.call("ec2", "create_launch_template", LaunchTemplateName="w", LaunchTemplateData={"ImageId": old})
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    gates = {"prod": Gate(min_age="1m")}
    settings = publish(kms_keys=keys, share_snapshots=True, launch_templates={"prod": {"web": [template]}}, gates=gates)
    HOOK.reset()
    promote(channels.request("prod", settings, ami=old), channels.say)
    open_ = publish(kms_keys=keys, share_snapshots=True, launch_templates={"prod": {"web": [template]}})
    promote(channels.request("prod", open_, ami=old), channels.say)

    def fails(operation: str, region: str) -> None:
        if operation == "PutParameter" and region == LAST:
            raise TfgenError("killed on the way")

    HOOK.before = fails
    with pytest.raises(TfgenError, match="on the way"):
        promote(channels.request("staging", open_, ami=new), channels.say)
    HOOK.before = lambda operation, region: None
    promote(channels.request("prod", open_, ami=new), channels.say)
    rollback(channels.request("prod", open_), channels.say)
    copy = channels.images(MIDDLE)[channels.pointer("prod", MIDDLE)]["ImageId"]
    seen = {one for one in HOOK.seen if not one.startswith("sts:")}
    channels.call("ec2", "delete_tags", MIDDLE, Resources=[copy], Tags=[{"Key": "Template"}])
    HOOK.reset()
    promote(channels.request("prod", open_, ami=old), channels.say)
    seen |= {one for one in HOOK.seen if not one.startswith("sts:")} - {"ssm:GetParameters"}
    statements: Any = policy(open_)["Statement"]
    documented = {action for one in statements if one["Sid"] != "KeysOfCopies" for action in one["Action"]}
    assert documented == seen - {"ssm:GetParameters"}  # of the test alone


def test_denied_at_any_call_says_which_and_moves_nothing_halfway(channels: Channels) -> None:
    from botocore.exceptions import ClientError

    old, new = channels.image(1), channels.image(2)
    two = publish(regions=[HOME, MIDDLE])
    promote(channels.request("prod", two, ami=old), channels.say)
    HOOK.reset()
    promote(channels.request("staging", two, ami=new), channels.say)
    operations = [one.partition(":")[2] for one in dict.fromkeys(HOOK.seen)]
    assert len(operations) >= 7
    for number, denied in enumerate(operations):
        last = channels.image(10 + number)

        def deny(operation: str, region: str, denied: str = denied) -> None:
            if operation == denied:
                error = {"Code": "AccessDeniedException", "Message": "User: x is not authorized"}
                raise ClientError({"Error": error}, operation)

        before = channels.state()
        HOOK.before = deny
        with pytest.raises(TfgenError, match="not authorized"):
            promote(channels.request("prod", two, ami=last), channels.say)
        HOOK.reset()
        after = channels.state()
        assert [one["points to"] for one in after.values()] == [one["points to"] for one in before.values()], denied
        promote(channels.request("prod", two, ami=last), channels.say)
        channels.require_launchable()


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, ""),
        ({"CodeBuildProject": ""}, "has no tag CodeBuildProject"),
        ({"CodeBuildProject": "other:build-1"}, "is of a build of other, and the pipeline is web-ami-pipeline"),
        ({"CodeBuildProject": "web-ami-pipeline:gone"}, "CodeBuild has no build web-ami-pipeline:gone"),
        ({"SourceVersion": "d" * 40}, "tag SourceVersion"),
        ({"BuildNumber": "7"}, "tag BuildNumber"),
        ({"BuildNumber": ""}, "tag BuildNumber of ami-[0-9a-f]+ is none"),
    ],
)
def test_altered_tags_are_found(channels: Channels, tags: dict[str, str], reason: str) -> None:
    ami = channels.image(1, **tags)
    image = read_image(channels.home, ami)
    assert image is not None
    record = BuildFacts(id="web-ami-pipeline:build-1", status="SUCCEEDED", commit="c" * 40, number="1")
    found = why_altered(image, "web-ami-pipeline", record if image.build == record.id else None)
    assert re.search(reason, found) if reason else found == ""
    if not reason:
        failed = msgspec.structs.replace(record, status="FAILED")
        assert "ended as FAILED" in why_altered(image, "web-ami-pipeline", failed)
        forged = msgspec.structs.replace(record, ami="ami-0123456789abcdef0")
        assert "made ami-0123456789abcdef0, not" in why_altered(image, "web-ami-pipeline", forged)


def test_both_amis_of_two_builders_go_through_the_gate_and_copied_tags_do_not(
    channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = channels.image(1), channels.image(2, CodeBuildProject="web-ami-pipeline:build-1", BuildNumber="1")
    made = [read_image(channels.home, ami) for ami in (first, second)]
    (begin, end) = sorted(one.created for one in made if one)
    build = BuildFacts(
        id="web-ami-pipeline:build-1",
        status="SUCCEEDED",
        commit="c" * 40,
        number="1",
        ami=first,
        started=begin,
        ended=end,
    )
    monkeypatch.setattr(gates, "builds_of", lambda account, ids: {build.id: build})
    settings = publish(regions=[HOME], gates={"prod": Gate(pipeline=False)})
    for ami in (first, second):
        report = promote(channels.request("prod", settings, ami=ami, template="packer/web.json"), channels.say)
        assert (report.gates[0].passed, channels.pointer("prod", HOME)) == (True, ami)
    build = msgspec.structs.replace(build, started=begin - timedelta(hours=2), ended=begin - timedelta(hours=1))
    report = promote(channels.request("prod", settings, ami=second), channels.say)
    assert report.gates[0].reason.endswith(f"made {first}, not {second}: {second} was not made while it ran")


def test_the_reader_for_status_and_prune(channels: Channels) -> None:
    """Ten names a call; the current AMI, and different ones before it."""
    amis = [channels.image(number) for number in (1, 2, 3)]
    settings = publish(regions=[HOME])
    for ami in (*amis, amis[0]):
        promote(channels.request("prod", settings, ami=ami), channels.say)
    HOOK.reset()
    images = ["web", *(f"other-{number}" for number in range(9))]
    assert channels_of(channels.home, settings, images) == {"web": {"prod": amis[0]}}
    assert HOOK.seen == ["ssm:GetParameters"] * 3
    versions = history(channels.home, "/images/web/prod")
    assert targets(versions, 1) == [amis[0], amis[2]]
    assert targets(versions, 9) == [amis[0], amis[2], amis[1]]


def test_on_the_command_line(
    channels: Channels, repo: Repo, cli: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = '{"builders": [{"type": "amazon-ebs", "ami_name": "web-{{timestamp}}"}]}'
    gate = "[publish.gates.dev]\npipeline = false\ntags = false\n[publish.gates.prod]\npipeline = false\n"
    toml = f'source_repository = "r"\n[publish]\nchannels = ["dev", "prod"]\nafter_build = "dev"\n{gate}'
    repo({"tfgen.toml": toml, "packer/web.json": template})
    ami = channels.image(1)
    for command in (("promote", "web", "--to", "dev"), ("rollback", "web", "dev")):
        schema = json.loads((ROOT / f"docs/{command[0]}.schema.json").read_text())
        if command[0] == "rollback":
            ami = channels.image(2)
            cli("promote", "web", "--to", "dev", "--ami", ami).expect(0)
        report = json.loads(cli(*command, "--format", "json").expect(0).out)
        jsonschema.Draft202012Validator(schema).validate(report)
    assert report["source"] == "version 1"
    closed = cli("promote", "web", "--to", "prod").expect(3)
    assert "tags: CodeBuild has no build web-ami-pipeline:build-1" in closed.err
    assert "not in publish.channels" in cli("promote", "web", "--to", "prd").expect(64).err
    assert "image 'wob' not found" in cli("rollback", "wob", "prod").expect(64).err
    assert "ssm:PutParameter" in cli("promote", "--iam-policy").expect(0).out
    cli("sync").expect(0)
    generated = (repo({}) / "terraform/pipelines/pipeline_web.gen.tf").read_text()
    assert re.search(r'publish_parameter *= "/images/web/dev"', generated)
