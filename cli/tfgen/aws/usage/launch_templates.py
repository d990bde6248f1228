"""Every version of every launch template of the account.

No call gives all versions of all templates: without a template's id, DescribeLaunchTemplateVersions takes $Latest and
$Default alone. So it is one call a template (200 versions a page), several at once.
Source: EC2's API reference (DescribeLaunchTemplateVersions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, TemplateVersion, named

_PAGE = 200
_GONE = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException")


def launch_templates(asker: Asker) -> Iterator[Found]:
    """Each version uses what it names: somebody may start any of them."""
    templates = asker.pages("ec2", "describe_launch_templates", "LaunchTemplates", MaxResults=_PAGE)
    for versions in asker.each(lambda one: _versions(asker, one), templates):
        for each in versions:
            id_, version = str(each["LaunchTemplateId"]), str(each["VersionNumber"])
            image = str((each.get("LaunchTemplateData") or {}).get("ImageId") or "")
            yield from named(asker.region, "launch-template", f"{id_}:{version}", image)
            yield _version(each, image)


def _versions(asker: Asker, template: dict[str, Any]) -> list[dict[str, Any]]:
    """All of one template; none where it was deleted meanwhile."""
    try:
        return list(
            asker.pages(
                "ec2",
                "describe_launch_template_versions",
                "LaunchTemplateVersions",
                LaunchTemplateId=template["LaunchTemplateId"],
                MaxResults=_PAGE,
            )
        )
    except AwsError as error:
        if error.code in _GONE:
            return []
        raise


def _version(found: dict[str, Any], image: str) -> TemplateVersion:
    return TemplateVersion(
        id=str(found["LaunchTemplateId"]),
        name=str(found.get("LaunchTemplateName") or ""),
        version=str(found["VersionNumber"]),
        image=image,
        is_default=bool(found.get("DefaultVersion")),
    )
