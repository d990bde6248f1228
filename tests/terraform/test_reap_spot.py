"""`tfgen reap` and what builds with a spot instance or a temporary role leave: launch templates, roles, profiles."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest

from tests.conftest import Command
from tests.terraform.aws_proxy import Answer, Call, error, proxy
from tests.terraform.killed_builds import FLEET, IMAGE, NOW_ARGUMENTS, RUN_TAGS, Ec2, Iam, name, role_name
from tests.terraform.state_estate import Aws

OLD = int(datetime(2020, 5, 24, tzinfo=UTC).timestamp())
OTHERS = "packer-fleet-launch-template-h1J2k3L"


@pytest.fixture
def ec2(aws: Aws) -> Ec2:
    return Ec2(endpoint=aws.emulator.endpoint)


@pytest.fixture
def iam(aws: Aws) -> Iam:
    return Iam(endpoint=aws.emulator.endpoint)


def reap(cli: Command, *arguments: str) -> set[tuple[str, str]]:
    """Kind and id (of roles and profiles the name) of what was found and, with --delete, deleted."""
    rows = json.loads(cli("reap", "--format", "json", *arguments).expect(0).out)["leftovers"]
    by_name = ("role", "instance profile")
    return {(row["kind"], row["name"] if row["kind"] in by_name else row["id"]) for row in rows}


def test_a_launch_template_is_found_by_its_name_and_another_sign(ec2: Ec2, cli: Command) -> None:
    described, tagged = ec2.launch_template(), ec2.launch_template(OTHERS, RUN_TAGS, "v1")
    kept = {
        ec2.launch_template("packer-fleet-launch-template-only-name", RUN_TAGS),
        ec2.launch_template("packer-fleet-launch-template-0000000", None, "ours"),
        ec2.launch_template("web", RUN_TAGS),
    }
    assert reap(cli, *NOW_ARGUMENTS) == {("launch template", described), ("launch template", tagged)}
    assert reap(cli) == set(), "they are young"
    assert ec2.templates() == {described, tagged, *kept}
    reap(cli, "--delete", *NOW_ARGUMENTS)
    assert ec2.templates() == kept


def test_more_launch_templates_than_a_page(ec2: Ec2, cli: Command) -> None:
    made = {ec2.launch_template(f"packer-fleet-launch-template-{number:07}", RUN_TAGS) for number in range(17)}
    assert {each for _, each in reap(cli, *NOW_ARGUMENTS)} == made


def test_a_launch_template_goes_with_its_instance_and_stays_with_another(ec2: Ec2, cli: Command) -> None:
    used = ec2.launch_template()
    from_it = {"LaunchTemplate": {"LaunchTemplateId": used}, "MinCount": 1, "MaxCount": 1}
    other = ec2.api.run_instances(**from_it)["Instances"][0]
    assert {"Key": "aws:ec2launchtemplate:id", "Value": used} in other["Tags"]
    assert reap(cli, "--delete", *NOW_ARGUMENTS) == set()
    ec2.api.terminate_instances(InstanceIds=[other["InstanceId"]])
    key, spec = ec2.key(), [{"ResourceType": "instance", "Tags": [{"Key": "BuiltBy", "Value": "Packer"}]}]
    made = ec2.api.run_instances(KeyName=key, TagSpecifications=spec, **from_it)["Instances"][0]["InstanceId"]
    assert ("launch template", used) in reap(cli, "--delete", *NOW_ARGUMENTS)
    assert (ec2.templates(), made in ec2.there()) == (set(), False)


def test_a_role_and_its_profile_are_deleted(iam: Iam, cli: Command) -> None:
    role = iam.role()
    found = {("role", role), ("instance profile", iam.profile(role, role=role))}  # of one name, whatever the second
    alone = {("instance profile", iam.profile(role_name(2))), ("role", iam.role(role_name(3)))}
    assert reap(cli) == set(), "they are young"
    # Once, however many regions are looked at.
    regions = ("--region", "eu-west-1", "--region", "us-east-1")
    done = json.loads(cli("reap", "--format", "json", *regions, *NOW_ARGUMENTS).expect(0).out)["leftovers"]
    assert [each["region"] for each in done] == ["global"] * 4
    assert reap(cli, "--delete", *NOW_ARGUMENTS) == {*found, *alone}
    assert iam.there() == set()


def test_each_sign_is_enough_beside_the_name(iam: Iam, cli: Command) -> None:
    wanted = {
        ("role", iam.role(role_name(1, OLD), description="", tags=RUN_TAGS)),
        ("role", iam.role(role_name(2, OLD))),
        ("instance profile", iam.profile(role_name(2, OLD), role=role_name(2, OLD))),
        ("instance profile", iam.profile(role_name(3, OLD), tags=RUN_TAGS)),
        ("instance profile", iam.profile(role_name(4))),  # its time is that of IAM
    }
    assert reap(cli, "--delete", *NOW_ARGUMENTS) == wanted
    assert iam.there() == set()


def test_roles_and_profiles_that_are_not_packers_stay(iam: Iam, cli: Command) -> None:
    iam.role("packer-web")
    iam.role(role_name(1), description="ours")
    iam.role(name().replace("packer_", "my-packer-"), tags=RUN_TAGS)
    iam.profile(role_name(2), role=iam.role("admin", description=""), tags=RUN_TAGS)
    iam.profile(role_name(3, OLD))
    iam.profile("packer-web", tags=RUN_TAGS)
    iam.role(role_name(4, int(time.time()) + 9999))  # it is not made yet
    before = iam.there()
    assert reap(cli, "--delete", *NOW_ARGUMENTS) == set()
    assert iam.there() == before


def test_what_is_in_use_stays(ec2: Ec2, iam: Iam, cli: Command) -> None:
    by_instance, by_time = iam.role(), iam.role(role_name(2))
    for role in (by_instance, by_time):
        iam.profile(role, role)
    instance = ec2.api.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": by_instance})[
        "Instances"
    ][0]["InstanceId"]
    from moto.iam.models import iam_backends

    roles = iam_backends["123456789012"]["aws"].roles.values()
    (used,) = [role for role in roles if role.name == by_time]
    used.last_used = datetime(2100, 1, 1, tzinfo=UTC)
    assert reap(cli, "--delete", *NOW_ARGUMENTS) == set()
    ec2.api.terminate_instances(InstanceIds=[instance])
    assert {each for _, each in reap(cli, "--delete", *NOW_ARGUMENTS)} == {by_instance}


def test_a_role_that_has_more_than_packer_gave_it_stays(iam: Iam, cli: Command) -> None:
    role = iam.role()
    iam.policy(role, "more")
    done = cli("reap", "--delete", *NOW_ARGUMENTS).expect(1)
    assert "AWS refused iam delete_role" in done.err
    assert iam.there() == {("role", role)}


def test_who_may_not_look_at_them_gets_the_rest(
    ec2: Ec2, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the rights that `tfgen reap` needed before."""
    key = ec2.key()
    ec2.launch_template(FLEET)

    def deny(call: Call) -> Answer:
        if b"Action=DescribeLaunchTemplates" in call.body or b"Action=ListRoles" in call.body:
            return 403, error("AccessDenied", "not you")
        return None

    with proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("reap", *NOW_ARGUMENTS).expect(0)
    assert [line.split()[4] for line in done.out.splitlines()[1:]] == [key]
    assert "skipped: launch templates (eu-west-1): AWS refused ec2 describe_launch_templates" in done.err
    assert "skipped: roles and instance profiles: AWS refused iam list_roles" in done.err
