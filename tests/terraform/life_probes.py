"""Probes of moto's gaps in the life of an AMI: each is one call that plain moto lacks, or answers wrongly."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.terraform.image_probes import image_of

if TYPE_CHECKING:
    from collections.abc import Callable


_AMI = "ami-0123456789abcdef0"
#: What a probe answers when the gap is filled.
FILLED = {
    "template_pages": "16 of 17",
    "delete_versions": "unexpectedError",
    "resolve_alias": _AMI,
    "last_launched": "{}",
    "source_image": "told",
    "architecture": "arm64",
    "copy_tags": "x",
    "references": "[]",
    "allowed": "disabled",
    "ancestry": "2",
    "image_bin": "[]",
    "snapshot_bin": "[]",
    "rules": "[]",
    "recipes": "[]",
    "reports": "[]",
    "instance_images": "listed",
    "data_type": "[]",
    "garbage": "ValidationException",
    "refreshes": "ValidationError",
    "settings": "InvalidParameterValue",
}


def _code(call: Callable[..., Any], **arguments: Any) -> str:
    try:
        return f"answered {call(**arguments)}"
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def template_pages(make: Any) -> str:
    ec2 = make("ec2")
    for number in range(17):
        ec2.create_launch_template(LaunchTemplateName=f"page{number}", LaunchTemplateData={"ImageId": _AMI})
    page = ec2.describe_launch_templates(MaxResults=16)
    assert page["NextToken"]
    return f"{len(page['LaunchTemplates'])} of 17"


def delete_versions(make: Any) -> str:
    ec2 = make("ec2")
    ec2.create_launch_template(LaunchTemplateName="delete", LaunchTemplateData={"ImageId": _AMI})
    answer = ec2.delete_launch_template_versions(LaunchTemplateName="delete", Versions=["1"])
    return str(answer["UnsuccessfullyDeletedLaunchTemplateVersions"][0]["ResponseError"]["Code"])


def resolve_alias(make: Any) -> str:
    ec2 = make("ec2")
    make("ssm").put_parameter(Name="/alias", Value=_AMI, Type="String")
    ec2.create_launch_template(LaunchTemplateName="alias", LaunchTemplateData={"ImageId": "resolve:ssm:/alias"})
    found = ec2.describe_launch_template_versions(LaunchTemplateName="alias", ResolveAlias=True)
    return str(found["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"])


def last_launched(make: Any) -> str:
    ec2 = make("ec2")
    found = ec2.describe_image_attribute(ImageId=image_of(ec2), Attribute="lastLaunchedTime")
    return str(found["LastLaunchedTime"])


def source_image(make: Any) -> str:
    ec2 = make("ec2")
    (found,) = ec2.describe_images(ImageIds=[image_of(ec2)])["Images"]
    return "told" if found.get("SourceImageId") else "not told"


def architecture(make: Any) -> str:
    ec2 = make("ec2")
    image = ec2.register_image(Name="registered", Architecture="arm64")["ImageId"]
    return str(ec2.describe_images(ImageIds=[image])["Images"][0].get("Architecture"))


def copy_tags(make: Any) -> str:
    ec2 = make("ec2")
    image = image_of(ec2)
    ec2.create_tags(Resources=[image], Tags=[{"Key": "for", "Value": "x"}])
    copied = {"SourceImageId": image, "SourceRegion": "eu-west-1", "CopyImageTags": True}
    copy = ec2.copy_image(Name="copied", **copied)["ImageId"]
    return str(ec2.describe_images(ImageIds=[copy])["Images"][0]["Tags"][0]["Value"])


def ancestry(make: Any) -> str:
    ec2 = make("ec2")
    return str(len(ec2.get_image_ancestry(ImageId=image_of(ec2))["ImageAncestryEntries"]))


def _listed(service: str, operation: str, key: str, **arguments: Any) -> Callable[[Any], str]:
    return lambda make: str(getattr(make(service), operation)(**arguments)[key])


def probes(make: Any) -> dict[str, Callable[[], str]]:
    make = cache(make)
    types = [{"Key": "DataType", "Values": ["aws:ec2:image"]}]
    wrong = {"Name": "/garbage", "Value": "nonsense", "Type": "String", "DataType": "aws:ec2:image"}
    nobody = {"ApplicationName": "nobody", "EnvironmentName": "nobody"}
    asked: dict[str, Callable[[Any], str]] = {
        "references": _listed(
            "ec2", "describe_image_references", "ImageReferences", ImageIds=[_AMI], IncludeAllResourceTypes=True
        ),
        "allowed": _listed("ec2", "get_allowed_images_settings", "State"),
        "image_bin": _listed("ec2", "list_images_in_recycle_bin", "Images"),
        "snapshot_bin": _listed("ec2", "list_snapshots_in_recycle_bin", "Snapshots"),
        "rules": _listed("rbin", "list_rules", "Rules", ResourceType="EC2_IMAGE"),
        "recipes": _listed("imagebuilder", "list_image_recipes", "imageRecipeSummaryList"),
        "reports": _listed("ec2", "describe_image_usage_reports", "ImageUsageReports"),
        "instance_images": lambda make: "listed" if make("ec2").describe_instance_image_metadata() else "",
        "data_type": _listed("ssm", "describe_parameters", "Parameters", ParameterFilters=types),
        "garbage": lambda make: _code(make("ssm").put_parameter, **wrong),
        "refreshes": lambda make: _code(make("autoscaling").describe_instance_refreshes, AutoScalingGroupName="none"),
        "settings": lambda make: _code(make("elasticbeanstalk").describe_configuration_settings, **nobody),
    }
    for each in (template_pages, delete_versions, resolve_alias, last_launched, source_image, architecture):
        asked[each.__name__] = each
    asked |= {"copy_tags": copy_tags, "ancestry": ancestry}
    return {name: partial(probe, make) for name, probe in asked.items()}
