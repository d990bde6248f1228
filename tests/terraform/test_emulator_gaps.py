"""Each gap of moto twice: plain moto still has it (when that fails, remove the gap), and ours is filled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.terraform import image_probes, life_probes
from tests.terraform.gap_probes import answers, of_plain_moto, serve_plain_moto

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfgen.aws.clients import AwsClient
    from tfgen.emulator.server import Emulator

ROLE = "arn:aws:iam::123456789012:role/build"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
# What a probe answers when the gap is filled.
FILLED = {
    "create_without_location": "created",
    "create_with_a_digit_first": "2048",
    "create_keeps_the_key": KEY,
    "update": "changed",
    "private_at_first": "PRIVATE, PRIVATE, PRIVATE",
    "update_visibility": "PUBLIC_READ, PUBLIC_READ, PRIVATE",
    "update_visibility_of_nobody": "ResourceNotFoundException",
    "update_visibility_to_nonsense": "InvalidInputException",
    "delete_by_arn": "deleted",
    "put_over_tls": "put",
    "expect_another_owner": "403",
    **image_probes.FILLED,
    **life_probes.FILLED,
}
TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::tls", "arn:aws:s3:::tls/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def create(codebuild: AwsClient, name: str, *, location: bool = True) -> dict[str, Any]:
    where = {"location": "anywhere"} if location else {}
    project = codebuild.create_project(
        name=name,
        source={"type": "CODEPIPELINE", **where},
        artifacts={"type": "CODEPIPELINE", **where},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=ROLE,
        encryptionKey=KEY,
    )["project"]
    assert isinstance(project, dict)
    return project


def probes(make: Callable[[str], AwsClient]) -> dict[str, Callable[[], str]]:
    codebuild, s3 = make("codebuild"), make("s3")

    def create_without_location() -> str:
        create(codebuild, "without", location=False)
        return "created"

    def create_with_a_digit_first() -> str:
        return str(create(codebuild, "2048")["name"])

    def create_keeps_the_key() -> str:
        return str(create(codebuild, "key")["encryptionKey"])

    def update() -> str:
        create(codebuild, "update")
        codebuild.update_project(name="update", description="changed")
        return str(codebuild.batch_get_projects(names=["update"])["projects"][0]["description"])

    def delete_by_arn() -> str:
        codebuild.delete_project(name=create(codebuild, "delete")["arn"])
        return "there" if "delete" in codebuild.list_projects()["projects"] else "deleted"

    def put_over_tls() -> str:
        make_bucket(s3, "tls")
        s3.put_bucket_policy(Bucket="tls", Policy=json.dumps(TLS_ONLY))
        s3.put_object(Bucket="tls", Key="x", Body=b"x")
        return "put"

    def expect_another_owner() -> str:
        make_bucket(s3, "ours")
        s3.head_bucket(Bucket="ours", ExpectedBucketOwner="123456789012")
        try:
            s3.list_objects_v2(Bucket="ours", ExpectedBucketOwner="999999999999")
        except ClientError as error:
            return str(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return "listed"

    asked = (
        *(create_without_location, create_with_a_digit_first, create_keeps_the_key, update, delete_by_arn),
        *(put_over_tls, expect_another_owner, *visibility_probes(codebuild)),
    )
    return {each.__name__: each for each in asked} | image_probes.probes(make) | life_probes.probes(make)


def visibility_probes(codebuild: AwsClient) -> tuple[Callable[[], str], ...]:
    def private_at_first() -> str:
        made = create(codebuild, "visibility")
        updated = codebuild.update_project(name="visibility", description="x")["project"]
        (found,) = codebuild.batch_get_projects(names=["visibility"])["projects"]
        return ", ".join(each.get("projectVisibility", "-") for each in (made, updated, found))

    def update_visibility() -> str:
        arn = create(codebuild, "seen")["arn"]
        asked = {"projectArn": arn, "projectVisibility": "PUBLIC_READ", "resourceAccessRole": ROLE}
        said = codebuild.update_project_visibility(**asked)
        (public,) = codebuild.batch_get_projects(names=["seen"])["projects"]
        assert public["resourceAccessRole"] == ROLE
        assert said["publicProjectAlias"] == public["publicProjectAlias"]
        codebuild.update_project_visibility(projectArn=arn, projectVisibility="PRIVATE")
        (private,) = codebuild.batch_get_projects(names=["seen"])["projects"]
        assert "publicProjectAlias" not in private
        return ", ".join(each["projectVisibility"] for each in (said, public, private))

    def update_visibility_of_nobody() -> str:
        return refused_visibility("arn:aws:codebuild:eu-west-1:123456789012:project/nobody", "PRIVATE")

    def update_visibility_to_nonsense() -> str:
        return refused_visibility(create(codebuild, "nonsense")["arn"], "HALF")

    def refused_visibility(arn: str, visibility: str) -> str:
        try:
            codebuild.update_project_visibility(projectArn=arn, projectVisibility=visibility)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "updated"

    return private_at_first, update_visibility, update_visibility_of_nobody, update_visibility_to_nonsense


def make_bucket(s3: AwsClient, name: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What moto without our gaps filled answers."""
    return of_plain_moto(__file__, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def ours(emulator: Emulator) -> dict[str, str]:
    emulator.reset()
    return answers(probes(emulator.client))


@pytest.mark.parametrize("gap", FILLED)
def test_plain_moto_still_has_the_gap(plain: dict[str, str], gap: str) -> None:
    assert plain[gap] != FILLED[gap], f"moto has caught up: remove {gap} from cli/tfgen/emulator"


@pytest.mark.parametrize("gap", FILLED)
def test_our_emulator_fills_it(ours: dict[str, str], gap: str) -> None:
    assert ours[gap] == FILLED[gap]


def test_what_is_not_a_pipeline_still_needs_its_location(emulator: Emulator) -> None:
    codebuild = emulator.client("codebuild")
    with pytest.raises(Exception, match="location is required"):
        codebuild.create_project(
            name="github",
            source={"type": "GITHUB"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=ROLE,
        )


@pytest.mark.parametrize("name", ["-a", "a b", "a/b", "x"])
def test_a_name_that_aws_refuses_is_refused(emulator: Emulator, name: str) -> None:
    with pytest.raises(Exception, match=r"Only alphanumeric|Invalid length"):
        create(emulator.client("codebuild"), name)


def test_an_update_of_nothing_is_refused(emulator: Emulator) -> None:
    with pytest.raises(Exception, match="ResourceNotFoundException"):
        emulator.client("codebuild").update_project(name="nobody", description="x")


def test_another_denial_of_a_bucket_still_counts(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    make_bucket(s3, "denied")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::denied/*"}
    statements = [*TLS_ONLY["Statement"], deny]
    s3.put_bucket_policy(Bucket="denied", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="denied", Key="x", Body=b"x")


if __name__ == "__main__":
    serve_plain_moto(probes)
