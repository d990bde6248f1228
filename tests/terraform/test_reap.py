"""`tfgen reap` finds what killed builds have left, deletes that when asked to, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Command, Result
from tests.e2e.tools import require_packer
from tests.terraform.aws_proxy import Answer, Call, error, proxy
from tests.terraform.killed_builds import IMAGE, NOW_ARGUMENTS, RUN_TAGS, YOUNG, Ec2, name
from tests.terraform.pipelines_on_aws import WEB, Pipelines
from tests.terraform.state_estate import Aws
from tfgen.emulator.pipeline_run import Play, played


@pytest.fixture
def ec2(aws: Aws) -> Ec2:
    return Ec2(endpoint=aws.emulator.endpoint)


def found(done: Result) -> set[str]:
    """Ids (of key pairs the names) in JSON."""
    rows = json.loads(done.out)["leftovers"]
    return {row["name"] if row["kind"] == "key pair" else row["id"] for row in rows}


def look(cli: Command, *arguments: str) -> set[str]:
    return found(cli("reap", "--format", "json", *arguments).expect(0))


def reap(cli: Command, *arguments: str) -> set[str]:
    return found(cli("reap", "--delete", "--format", "json", *arguments).expect(0))


def test_a_killed_build_is_shown_and_nothing_is_deleted(ec2: Ec2, cli: Command) -> None:
    instance, group, key = ec2.killed_build()
    ec2.age(hours=30)
    done = cli("reap").expect(0)
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["REGION", "KIND", "ID", "NAME", "AGE"]
    assert lines[1] == ["eu-west-1", "instance", instance, "packer-build-web", "1d"]
    assert lines[2][:5] == ["eu-west-1", "security", "group", group, name()]
    assert lines[3][:3] + lines[3][4:5] == ["eu-west-1", "key", "pair", key]
    assert done.err == "nothing was deleted; to delete these, add --delete\n"
    assert ec2.there() == {instance, group, key}


def test_deleted_it_is_gone(ec2: Ec2, cli: Command) -> None:
    instance, group, key = ec2.killed_build()
    done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(0)
    assert [line.split()[-1] for line in done.out.splitlines()] == ["RESULT", "deleted", "deleted", "deleted"]
    waiting, *said = done.err.splitlines()
    assert waiting == "terminating 1 instance in eu-west-1"
    assert [line.split()[:2] for line in said] == [
        ["deleted", "instance"],
        ["deleted", "security"],
        ["deleted", "key"],
    ]
    assert ec2.there() == set(), (instance, group, key)
    assert cli("reap", "--delete", *NOW_ARGUMENTS).expect(0).err == "nothing found\n"


def test_what_is_young_stays(ec2: Ec2, cli: Command) -> None:
    ec2.killed_build()
    ec2.age(hours=5)
    assert look(cli, "--older-than", "6h") == set()
    assert len(look(cli, "--older-than", "299m")) == 3


def test_the_younger_of_two_times_counts(ec2: Ec2, cli: Command) -> None:
    ec2.key(YOUNG)
    ec2.group(YOUNG)
    ec2.key(name(number=2))
    ec2.age(hours=30)
    ec2.key(name(number=3))
    assert look(cli) == {name(number=2)}


def test_what_a_living_instance_uses_stays(ec2: Ec2, cli: Command) -> None:
    key, group, other = ec2.key(), ec2.group(), ec2.group(name(number=2))
    ec2.age(hours=30)
    ec2.instance(key, group, RUN_TAGS)
    assert look(cli) == {other}


def test_what_a_network_interface_uses_stays(ec2: Ec2, cli: Command) -> None:
    group, free = ec2.group(), ec2.group(name(number=2))
    subnet = ec2.api.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.api.create_network_interface(SubnetId=subnet, Groups=[group])
    assert look(cli) == {free}


@pytest.mark.parametrize(
    "odd",
    [
        "packer",
        "packer_web",
        "my-" + name(),
        name() + "-2",
        name().upper().replace("PACKER", "packer"),
        name(made=0),
        "packer_5eca3a87-e093-5d6b-7cf9",
    ],
)
def test_names_that_are_not_packers_stay(ec2: Ec2, cli: Command, odd: str) -> None:
    ec2.key(odd)
    ec2.group(odd)
    assert look(cli, *NOW_ARGUMENTS) == set()


def test_a_group_with_another_description_stays(ec2: Ec2, cli: Command) -> None:
    ec2.group(description="Temporary group for Packer builds of ours")
    assert look(cli, *NOW_ARGUMENTS) == set()


def test_one_sign_alone_is_not_enough_for_an_instance(ec2: Ec2, cli: Command) -> None:
    key, group = ec2.key(), ec2.group()
    unsure = [ec2.instance(key), ec2.instance("", group), ec2.instance(tags={"BuiltBy": "Packer"})]
    done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(0)
    assert {*unsure, key, group} <= ec2.there()
    for instance, sign in zip(unsure, ("key pair", "security group", "tags"), strict=True):
        said = f"skipped: instance {instance} (eu-west-1): only one of three signs is Packer's ({sign})\n"
        assert said in done.err


def test_two_signs_are(ec2: Ec2, cli: Command) -> None:
    keys = [ec2.key(name(number=number)) for number in (1, 2)]
    groups = [ec2.group(name(number=number)) for number in (3, 4)]
    wanted = {
        ec2.instance(keys[0], groups[0]),
        ec2.instance(keys[1], tags={"Name": "Packer Builder"}),
        ec2.instance("", groups[1], {"BuiltBy": "Packer"}),
    }
    assert look(cli, *NOW_ARGUMENTS) == {*wanted, *keys, *groups}


def test_the_instance_of_a_build_that_goes_on_stays(ec2: Ec2, aws: Aws, cli: Command) -> None:
    pipelines = Pipelines(client=aws.emulator.client)
    pipelines.make(WEB)
    codepipeline = aws.emulator.client("codepipeline")
    execution = codepipeline.start_pipeline_execution(name=WEB)["pipelineExecutionId"]
    asked = {"pipelineName": WEB, "pipelineExecutionId": execution}
    with played(WEB, Play(fails_in="BUILD", status="TIMED_OUT")):
        for _ in range(4):
            codepipeline.get_pipeline_execution(**asked)
        build = codepipeline.list_action_executions(pipelineName=WEB)["actionExecutionDetails"][0]
        build_id = build["output"]["executionResult"]["externalExecutionId"]
        key = ec2.key()
        instance = ec2.instance(key, tags={**RUN_TAGS, "CodeBuildProject": build_id})
        done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(0)
        assert f"skipped: instance {instance} (eu-west-1): its build {build_id} is still running\n" in done.err
        assert ec2.there() == {instance, key}
        for _ in range(8):
            codepipeline.get_pipeline_execution(**asked)
    assert reap(cli, *NOW_ARGUMENTS) == {instance, key}


def test_when_codebuild_cannot_be_asked_the_instance_stays(
    ec2: Ec2, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ec2.key()
    tags = {**RUN_TAGS, "CodeBuildProject": "web:0c6d3254-a6e4-4364-b290-05bcdbf85648"}
    instance = ec2.instance(key, tags=tags)

    def deny(call: Call) -> Answer:
        return (400, '{"__type": "AccessDeniedException"}') if b'"ids"' in call.body else None

    with proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(0)
    assert f"skipped: instance {instance} (eu-west-1): the status of its build is not known" in done.err
    assert ec2.there() == {instance, key}


def test_a_build_of_elsewhere_protects_its_instance_as_long_as_it_can_take(ec2: Ec2, cli: Command) -> None:
    """CodeBuild may build in one region what Packer makes in another."""
    build = "web:0c6d3254-a6e4-4364-b290-05bcdbf85648"
    key = ec2.key()
    instance = ec2.instance(key, tags={**RUN_TAGS, "CodeBuildProject": build})
    ec2.age(hours=35)
    done = cli("reap", "--delete").expect(0)
    why = f"its build {build} is not in this region, and may still be running"
    assert f"skipped: instance {instance} (eu-west-1): {why}\n" in done.err
    assert ec2.there() == {instance, key}
    ec2.age(hours=2)
    assert reap(cli) == {instance, key}


def test_json_says_all_of_it(ec2: Ec2, cli: Command) -> None:
    ec2.key()
    doubtful = ec2.instance(tags=RUN_TAGS)
    looked = json.loads(cli("reap", "--format", "json", *NOW_ARGUMENTS).expect(0).out)
    deleted = json.loads(cli("reap", "--format", "json", "--delete", *NOW_ARGUMENTS).expect(0).out)
    (key,) = looked["leftovers"]
    assert key.pop("id").startswith("key-")
    wanted = {"region": "eu-west-1", "kind": "key pair", "name": name(), "since": "2020-05-24T00:00:00+00:00"}
    assert key == {**wanted, "deleted": False}
    (gone,) = deleted["leftovers"]
    assert (gone["deleted"], gone["reason"]) == (True, "")
    reason = "only one of three signs is Packer's (tags)"
    assert looked["left_alone"] == [{"region": "eu-west-1", "id": doubtful, "reason": reason}]


def test_volumes_with_the_run_tags_that_nobody_has(ec2: Ec2, cli: Command) -> None:
    left = ec2.volume(RUN_TAGS)
    kept = {ec2.volume({"BuiltBy": "Packer", "Name": "data"}), ec2.volume({"Name": "packer-build-web"})}
    assert look(cli) == set()
    assert reap(cli, *NOW_ARGUMENTS) == {left}
    assert ec2.there() == kept


def test_images_and_snapshots_are_never_touched(ec2: Ec2, cli: Command) -> None:
    instance, _, _ = ec2.killed_build()
    image = ec2.api.create_image(InstanceId=instance, Name="web")["ImageId"]
    ec2.api.create_tags(Resources=[image], Tags=[{"Key": "BuiltBy", "Value": "Packer"}])
    snapshots = {each["SnapshotId"] for each in ec2.api.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    reap(cli, *NOW_ARGUMENTS)
    assert [each["ImageId"] for each in ec2.api.describe_images(Owners=["self"])["Images"]] == [image]
    after = {each["SnapshotId"] for each in ec2.api.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert snapshots == after != set()


def test_regions_are_kept_apart(ec2: Ec2, cli: Command) -> None:
    other = Ec2(endpoint=ec2.endpoint, region="us-east-1")
    here, there = ec2.killed_build(), other.killed_build()
    assert look(cli, *NOW_ARGUMENTS) == set(here)
    both = ("--region", "us-east-1", "--region", "eu-west-1", "--region", "us-east-1")
    assert look(cli, *NOW_ARGUMENTS, *both) == {*here, *there}
    assert reap(cli, *NOW_ARGUMENTS, "--region", "us-east-1") == set(there)
    assert (ec2.there(), other.there()) == (set(here), set())


def test_an_instance_that_cannot_go_keeps_what_it_uses(ec2: Ec2, cli: Command) -> None:
    instance, group, key = ec2.killed_build()
    ec2.api.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    ec2.key(name(number=2))
    done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(1)
    results = [line.split()[-1] for line in done.out.splitlines()[1:]]
    assert results == ["failed", "failed", "failed", "deleted"]
    assert f"error: instance {instance} (eu-west-1): AWS refused ec2 terminate_instances" in done.err
    assert f"error: security group {group} (eu-west-1): its instance {instance} still exists" in done.err
    assert ec2.there() == {instance, group, key}


def ec2_error(code: str) -> str:
    return f"<Response><Errors><Error><Code>{code}</Code><Message>m</Message></Error></Errors></Response>"


def test_a_group_that_ec2_still_holds_is_tried_again(
    ec2: Ec2, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance, group, key = ec2.killed_build()
    lone = ec2.group(name(number=2))
    held = {group: 2, lone: 1}

    def hold(call: Call) -> Answer:
        wanted = next((each for each in held if f"GroupId={each}".encode() in call.body), "")
        if b"Action=DeleteSecurityGroup" not in call.body or not held[wanted]:
            return None
        held[wanted] -= 1
        return 400, ec2_error("DependencyViolation")

    monkeypatch.setattr("tfgen.aws.cleanup.remove._PAUSE", 0.0)
    with proxy(aws.emulator.endpoint, hold) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(1)
    assert f"error: security group {lone} (eu-west-1): AWS refused ec2 delete_security_group: m (Dep" in done.err
    assert ec2.there() == {lone}, (instance, key)


def test_what_somebody_else_deletes_meanwhile_is_deleted(
    ec2: Ec2, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2.group()

    def be_faster(call: Call) -> Answer:
        return (400, ec2_error("InvalidGroup.NotFound")) if b"Action=DeleteSecurityGroup" in call.body else None

    with proxy(aws.emulator.endpoint, be_faster) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(0)
    assert done.out.splitlines()[1].endswith("deleted")


def test_one_region_that_cannot_be_asked_does_not_keep_the_others(
    ec2: Ec2, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2.killed_build()
    calls: list[bytes] = []

    def deny(call: Call) -> Answer:
        if b"Action=DescribeInstances" not in call.body or calls:
            return None
        calls.append(call.body)
        return 403, error("UnauthorizedOperation", "not you")

    with proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("reap", *NOW_ARGUMENTS, "--region", "us-east-1", "--region", "eu-west-1").expect(1)
    assert "error: AWS refused ec2 describe_instances: " in done.err
    assert {line.split()[0] for line in done.out.splitlines()[1:]} == {"eu-west-1"}


@pytest.mark.parametrize("age", ["", "24", "h", "-1h", "1.5h", "24 h", "999999d"])
def test_an_age_that_is_none(cli: Command, age: str) -> None:
    assert f"error: --older-than {age}" in cli("reap", "--older-than", age).expect(64).err


def test_what_a_real_packer_leaves_when_it_is_killed(ec2: Ec2, cli: Command, tmp_path: Path) -> None:
    """Packer waits for an SSH server that is not there; its process group is killed as CodeBuild kills."""
    packer = require_packer()
    builder = {
        "type": "amazon-ebs",
        "region": ec2.region,
        "custom_endpoint_ec2": ec2.endpoint,
        "skip_region_validation": True,
        "source_ami": IMAGE,
        "instance_type": "t3.small",
        "ami_name": "web",
        "ssh_username": "admin",
        "ssh_host": "127.0.0.1",
        "ssh_port": 9,
        "run_tags": RUN_TAGS,
    }
    (tmp_path / "web.json").write_text(json.dumps({"builders": [builder]}))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [packer, "build", "-color=false", "web.json"],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + 60
            while "Waiting for SSH" not in (tmp_path / "log").read_text():
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.1)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    left = ec2.there()
    assert len(left) == 3
    assert look(cli) == set(), "they are young"
    assert reap(cli, *NOW_ARGUMENTS) == left
    assert ec2.there() == set()
