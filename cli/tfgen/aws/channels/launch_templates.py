"""Launch templates that name an AMI by its id: a new version for each AMI of their channel, and it is the default.

One that says `resolve:ssm` follows its channel by itself. One that CloudFormation or Terraform owns is theirs: they
would take the change back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen.aws.failures import AwsError

if TYPE_CHECKING:
    from tfgen.aws.session import Account

_ALIAS = "resolve:ssm:"
_CLOUDFORMATION = "aws:cloudformation:stack-name"
_NOT_THERE = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException")


class LaunchTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """One launch template: its default version, and what that starts."""

    id: str
    name: str
    region: str
    default: int
    image: str
    tags: dict[str, str] = {}

    @property
    def follows(self) -> bool:
        """Whether it asks SSM for its AMI at each start."""
        return self.image.startswith(_ALIAS)

    @property
    def owner(self) -> str:
        """What made it, as far as its tags say; "" where they do not."""
        if stack := self.tags.get(_CLOUDFORMATION):
            return f"CloudFormation stack {stack}"
        for key, value in self.tags.items():
            if "terraform" in (key.casefold(), value.casefold()):
                return f"Terraform (tag {key})"
        return ""


def read_launch_template(account: Account, id_: str) -> LaunchTemplate | None:
    """None where the region has none of that id. Raises AwsError."""
    try:
        found = account.call("ec2", "describe_launch_templates", LaunchTemplateIds=[id_])["LaunchTemplates"]
        versions = account.call(
            *("ec2", "describe_launch_template_versions"), LaunchTemplateId=id_, Versions=["$Default"]
        )["LaunchTemplateVersions"]
    except AwsError as error:
        if error.code in _NOT_THERE:
            return None
        raise
    if not found or not versions:
        return None
    return LaunchTemplate(
        id=id_,
        name=str(found[0].get("LaunchTemplateName", "")),
        region=account.region,
        default=int(versions[0]["VersionNumber"]),
        image=str(versions[0].get("LaunchTemplateData", {}).get("ImageId", "")),
        tags={str(tag["Key"]): str(tag["Value"]) for tag in found[0].get("Tags", [])},
    )


def follow(account: Account, template: LaunchTemplate, ami: str, description: str) -> int:
    """Makes a version with `ami` of the default one, and the default; gives its number. Raises AwsError."""
    number = _made_before(account, template, ami, description) or _make(account, template, ami, description)
    account.call("ec2", "modify_launch_template", LaunchTemplateId=template.id, DefaultVersion=str(number))
    return number


def _made_before(account: Account, template: LaunchTemplate, ami: str, description: str) -> int:
    """The version that a run which was killed has made, 0 without."""
    asked: Mapping[str, Any] = {"LaunchTemplateId": template.id, "MinVersion": str(template.default + 1)}
    pages = {"PaginationConfig": {"PageSize": 200}}
    for one in account.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", **asked, **pages):
        same = one.get("LaunchTemplateData", {}).get("ImageId") == ami
        if same and one.get("VersionDescription") == description and int(one["VersionNumber"]) > template.default:
            return int(one["VersionNumber"])
    return 0


def _make(account: Account, template: LaunchTemplate, ami: str, description: str) -> int:
    token = hashlib.sha256(f"{template.id} {template.default} {ami}".encode()).hexdigest()
    answer = account.call(
        *("ec2", "create_launch_template_version"),
        LaunchTemplateId=template.id,
        SourceVersion=str(template.default),
        LaunchTemplateData={"ImageId": ami},
        VersionDescription=description,
        ClientToken=token,
    )
    return int(answer["LaunchTemplateVersion"]["VersionNumber"])
