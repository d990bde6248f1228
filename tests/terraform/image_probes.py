"""Probes of moto's gaps in what Packer 1.16 and its amazon plugin 1.8 ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfgen.aws.clients import AwsClient

# What a probe answers when the gap is filled.
FILLED = {
    "create_with_snapshot_tags": "image:a snapshot:b",
    "create_on_ebs": "ebs",
    "deprecate": "2030-01-01T00:00:00",
    "deprecate_no_more": "None",
    "protect": "enabled-with-cooldown",
    "deregister_what_is_protected": "OperationNotPermitted",
    "protect_no_more": "deregistered",
    "imds_support": "v2.0",
    "start_session": "started and ended",
}


@cache
def _source(ec2: Any) -> str:
    """An image to begin with. Plain moto takes a second to list all of them."""
    return str(ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"])


def image_of(ec2: Any, **options: Any) -> str:
    """An image of a new instance."""
    source = _source(ec2)
    instance = ec2.run_instances(ImageId=source, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    return str(ec2.create_image(InstanceId=instance, Name="made", **options)["ImageId"])


def described(ec2: AwsClient, image: str) -> dict[str, Any]:
    return dict(ec2.describe_images(ImageIds=[image])["Images"][0])


def create_with_snapshot_tags(ec2: AwsClient) -> str:
    tags = {kind: [{"Key": "for", "Value": value}] for kind, value in {"image": "a", "snapshot": "b"}.items()}
    given = [{"ResourceType": kind, "Tags": value} for kind, value in tags.items()]
    image = described(ec2, image_of(ec2, TagSpecifications=given))
    disk = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    snapshot = ec2.describe_snapshots(SnapshotIds=[disk])["Snapshots"][0]
    return f"image:{image['Tags'][0]['Value']} snapshot:{snapshot['Tags'][0]['Value']}"


def create_on_ebs(ec2: AwsClient) -> str:
    return str(described(ec2, image_of(ec2))["RootDeviceType"])


def deprecate(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=datetime(2030, 1, 1, tzinfo=UTC))
    return str(described(ec2, image)["DeprecationTime"])[:19]


def deprecate_no_more(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=datetime(2030, 1, 1, tzinfo=UTC))
    ec2.disable_image_deprecation(ImageId=image)
    return str(described(ec2, image).get("DeprecationTime"))


def protect(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.enable_image_deregistration_protection(ImageId=image, WithCooldown=True)
    return str(described(ec2, image)["DeregistrationProtection"])


def deregister_what_is_protected(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.enable_image_deregistration_protection(ImageId=image)
    try:
        ec2.deregister_image(ImageId=image)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "deregistered"


def protect_no_more(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.enable_image_deregistration_protection(ImageId=image)
    ec2.disable_image_deregistration_protection(ImageId=image)
    ec2.deregister_image(ImageId=image)
    return "deregistered"


def imds_support(ec2: AwsClient) -> str:
    image = image_of(ec2)
    ec2.modify_image_attribute(ImageId=image, ImdsSupport={"Value": "v2.0"})
    return str(described(ec2, image).get("ImdsSupport"))


def start_session(ssm: AwsClient) -> str:
    session = ssm.start_session(Target="i-0123456789abcdef0")
    assert session["TokenValue"]
    assert session["StreamUrl"]
    assert ssm.terminate_session(SessionId=session["SessionId"])["SessionId"] == session["SessionId"]
    return "started and ended"


def probes(make: Callable[[str], AwsClient]) -> dict[str, Callable[[], str]]:
    ec2 = make("ec2")
    asked = (
        *(
            create_with_snapshot_tags,
            create_on_ebs,
            deprecate,
            deprecate_no_more,
            protect,
            deregister_what_is_protected,
        ),
        *(protect_no_more, imds_support),
    )
    found = {each.__name__: partial(each, ec2) for each in asked}
    return {**found, start_session.__name__: partial(start_session, make("ssm"))}
