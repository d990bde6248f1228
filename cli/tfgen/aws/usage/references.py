"""What EC2 itself knows of an AMI's users: DescribeImageReferences and the entries of image usage reports.

On top of the other sources, never in their place: references are those of five kinds of resources of this account,
and a report has only numbers, by account. A region or a partition may lack both.
Source: EC2's API reference; 10 AMIs a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfgen.aws.usage.model import Asker, Use

_AT_ONCE = 10


def references(asker: Asker, amis: Sequence[str]) -> Iterator[Use]:
    """A use for each resource that refers to one of `amis`. Raises AwsError."""

    def ask(some: Sequence[str]) -> list[Use]:
        found = asker.pages(
            "ec2",
            "describe_image_references",
            "ImageReferences",
            ImageIds=list(some),
            IncludeAllResourceTypes=True,
            MaxResults=100,
        )
        return [_use(asker.region, str(each["ImageId"]), str(each.get("Arn") or "")) for each in found]

    chunks = [amis[start : start + _AT_ONCE] for start in range(0, len(amis), _AT_ONCE)]
    for uses in asker.each(ask, chunks):
        yield from uses


def reported(asker: Asker, amis: Sequence[str]) -> Iterator[Use]:
    """A use for each account that a usage report of `amis` names; makes no report. Raises AwsError."""
    wanted = set(amis)
    entries = asker.pages("ec2", "describe_image_usage_report_entries", "ImageUsageReportEntries", MaxResults=500)
    for each in entries:
        if each.get("ImageId") in wanted and int(each.get("UsageCount") or 0) > 0:
            id_ = f"{each.get('AccountId')} {each.get('ResourceType')}"
            yield Use(region=asker.region, ami=str(each["ImageId"]), kind="usage-report", id=id_)


def _use(region: str, ami: str, arn: str) -> Use:
    return Use(region=region, ami=ami, kind="image-reference", id=arn)
