"""Who refers to an AMI, as EC2 itself tells it: references, usage reports, ancestry; and which AMIs are allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tfgen.emulator.amis.launch_templates import alias_value
from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.sharing import accounts, owned
from tfgen.emulator.amis.state import of

_TYPES = (
    *("ec2:Instance", "ec2:LaunchTemplate", "ssm:Parameter"),
    *("imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe"),
)
_DEPTH = 10


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ec2.responses.amis import AmisResponse

    put(AmisResponse, "describe_image_references", _describe_references)
    put(AmisResponse, "create_image_usage_report", _create_report)
    put(AmisResponse, "describe_image_usage_reports", _describe_reports)
    put(AmisResponse, "describe_image_usage_report_entries", _describe_entries)
    put(AmisResponse, "delete_image_usage_report", _delete_report)
    put(AmisResponse, "get_image_ancestry", _ancestry)
    put(AmisResponse, "describe_instance_image_metadata", _instance_images)
    put(AmisResponse, "get_allowed_images_settings", _get_allowed)
    put(AmisResponse, "enable_allowed_images_settings", _enable_allowed)
    put(AmisResponse, "disable_allowed_images_settings", _disable_allowed)
    put(AmisResponse, "replace_image_criteria_in_allowed_images_settings", _replace_allowed)


def _references(backend: Any, kind: str, options: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """AMI and ARN of each resource of the kind in the account and region."""
    region, account = backend.region_name, backend.account_id
    begin = f"arn:{backend.partition}:ec2:{region}:{account}"
    if kind == "ec2:Instance":
        states = options.get("state-name")
        for instance in backend.all_instances():
            if not states or instance._state.name in states:
                yield instance.image_id, f"{begin}:instance/{instance.id}"
    elif kind == "ec2:LaunchTemplate":
        depth = int(options["version-depth"][0]) if options.get("version-depth") else _DEPTH
        for template in list(backend.launch_templates.values()):
            images = {_image_of(backend, each) for each in template.versions[-depth:]} - {""}
            for image in sorted(images):
                yield image, f"{begin}:launch-template/{template.id}"
    elif kind == "ssm:Parameter":
        yield from _parameters(account, region)
    else:
        for arn, made in of(backend).builder.items():
            if f":{'container' if 'Container' in kind else 'image'}-recipe/" in arn:
                yield made.get("parentImage", ""), arn


def _image_of(backend: Any, version: Any) -> str:
    image = str(version.data.get("ImageId", ""))
    return alias_value(backend, image) if image.startswith("resolve:ssm:") else image


def _parameters(account: str, region: str) -> Iterator[tuple[str, str]]:
    from moto.ssm.models import ssm_backends

    backend = ssm_backends[account][region]
    for versions in list(backend._parameters.values()):
        if versions and versions[-1].data_type == "aws:ec2:image":
            name = versions[-1].name
            arn = f"arn:{backend.partition}:ssm:{region}:{account}:parameter/{name.removeprefix('/')}"
            yield str(versions[-1].value), arn


def _asked(response: Any) -> dict[str, dict[str, list[str]]]:
    """The resource types of a request, with their options."""
    from moto.ec2.exceptions import EC2ClientError

    given = response._get_param("ResourceTypes", [])
    every = response._get_bool_param("IncludeAllResourceTypes", False)
    if bool(given) is bool(every):
        raise EC2ClientError(
            "InvalidParameterCombination", "Either IncludeAllResourceTypes or ResourceTypes must be specified"
        )
    if every:
        return {kind: {} for kind in _TYPES}
    return {
        each["ResourceType"]: {
            one["OptionName"]: one.get("OptionValues", []) for one in each.get("ResourceTypeOptions", [])
        }
        for each in given
    }


def _describe_references(self: Any) -> Any:
    """DescribeImageReferences: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    wanted = set(self._get_param("ImageIds", []))
    found = [
        {"ImageId": image, "ResourceType": kind, "Arn": arn}
        for kind, options in _asked(self).items()
        for image, arn in _references(self.ec2_backend, kind, options)
        if image in wanted
    ]
    return ActionResult(page(self, "ImageReferences", found))


def _create_report(self: Any) -> Any:
    """CreateImageUsageReport: moto does not have it. It counts what other accounts have of the AMI, and is done at
    once.
    """
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    self.error_on_dryrun()
    backend = self.ec2_backend
    image = owned(backend, self._get_param("ImageId"))
    kinds = self._get_param("ResourceTypes", [])
    now, only = datetime.now(UTC), self._get_param("AccountIds", [])
    report = f"amiur-{mock_random.get_random_hex(17)}"
    entries = []
    for account, other in accounts(backend.region_name).items():
        if account == backend.account_id or (only and account not in only):
            continue
        for kind in [each["ResourceType"] for each in kinds]:
            count = sum(1 for used, _ in _references(other, kind, {}) if used == image.id)
            if count:
                entry = {"ResourceType": kind, "ReportId": report, "UsageCount": count, "AccountId": account}
                entries.append({**entry, "ImageId": image.id, "ReportCreationTime": now})
    of(backend).reports[report] = {
        "ImageId": image.id,
        "ReportId": report,
        "ResourceTypes": kinds,
        "AccountIds": only,
        "State": "available",
        "CreationTime": now,
        "ExpirationTime": now + timedelta(days=30),
        "entries": entries,
    }
    return ActionResult({"ReportId": report})


def _reports(response: Any) -> list[dict[str, Any]]:
    images, ids = response._get_param("ImageIds", []), response._get_param("ReportIds", [])
    return [
        each
        for each in of(response.ec2_backend).reports.values()
        if (not images or each["ImageId"] in images) and (not ids or each["ReportId"] in ids)
    ]


def _describe_reports(self: Any) -> Any:
    """DescribeImageUsageReports: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    found = [{key: each[key] for key in each if key != "entries"} for each in _reports(self)]
    return ActionResult(page(self, "ImageUsageReports", found))


def _describe_entries(self: Any) -> Any:
    """DescribeImageUsageReportEntries: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    wanted = self._filters_from_querystring()
    names = {"account-id": "AccountId", "resource-type": "ResourceType"}
    found = [
        entry
        for report in _reports(self)
        for entry in report["entries"]
        if all(entry[names[name]] in values for name, values in wanted.items() if name in names)
    ]
    return ActionResult(page(self, "ImageUsageReportEntries", found))


def _delete_report(self: Any) -> Any:
    """DeleteImageUsageReport: moto does not have it."""
    from moto.core.responses import ActionResult
    from moto.ec2.exceptions import EC2ClientError

    self.error_on_dryrun()
    if of(self.ec2_backend).reports.pop(self._get_param("ReportId"), None) is None:
        raise EC2ClientError("InvalidImageUsageReportId.NotFound", "The report does not exist")
    return ActionResult({"Return": True})


def _ancestry(self: Any) -> Any:
    """GetImageAncestry: moto does not have it. From the AMI to its root, as far as the account sees."""
    from moto.core.responses import ActionResult
    from moto.ec2.models import ec2_backends

    self.error_on_dryrun()
    backend, entries = self.ec2_backend, []
    (image,) = backend.describe_images(ami_ids=[self._get_param("ImageId")])
    while image is not None:
        source = getattr(image, "source_image_id", None)
        region = getattr(image, "source_image_region", None)
        entry = {"CreationDate": image.creation_date, "ImageId": image.id}
        entry |= {"ImageOwnerAlias": image.owner_alias} if image.owner_alias else {}
        entries.append(entry | ({"SourceImageId": source, "SourceImageRegion": region} if source else {}))
        there = ec2_backends[backend.account_id][region] if source and region else None
        image = there.amis.get(str(source)) if there is not None else None
    return ActionResult({"ImageAncestryEntries": entries})


def _instance_images(self: Any) -> Any:
    """DescribeInstanceImageMetadata: moto does not have it. An AMI that is gone has its id only."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    backend, ids = self.ec2_backend, self._get_param("InstanceIds", [])
    known = {each.id: each for each in backend.describe_images()}
    found = []
    for instance in backend.all_instances(filters=self._filters_from_querystring()):
        if ids and instance.id not in ids:
            continue
        image, metadata = known.get(instance.image_id), {"ImageId": instance.image_id}
        if image is not None:
            metadata |= {"Name": image.name, "OwnerId": image.owner_id, "State": image.state}
            metadata |= {"CreationDate": image.creation_date.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        found.append(
            {
                "InstanceId": instance.id,
                "InstanceType": instance.instance_type,
                "LaunchTime": instance.launch_time,
                "AvailabilityZone": instance.placement.zone,
                "State": {"Code": instance._state.code, "Name": instance._state.name},
                "OwnerId": backend.account_id,
                "Tags": instance.get_tags(),
                "ImageMetadata": metadata,
            }
        )
    return ActionResult(page(self, "InstanceImageMetadata", found))


def _get_allowed(self: Any) -> Any:
    """GetAllowedImagesSettings: moto does not have it. What they forbid is not played."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    return ActionResult({**of(self.ec2_backend).allowed, "ManagedBy": "account"})


def _enable_allowed(self: Any) -> Any:
    """EnableAllowedImagesSettings: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    of(self.ec2_backend).allowed["State"] = wanted = self._get_param("AllowedImagesSettingsState")
    return ActionResult({"AllowedImagesSettingsState": wanted})


def _disable_allowed(self: Any) -> Any:
    """DisableAllowedImagesSettings: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    of(self.ec2_backend).allowed["State"] = "disabled"
    return ActionResult({"AllowedImagesSettingsState": "disabled"})


def _replace_allowed(self: Any) -> Any:
    """ReplaceImageCriteriaInAllowedImagesSettings: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    of(self.ec2_backend).allowed["ImageCriteria"] = self._get_param("ImageCriteria", [])
    return ActionResult({"ReturnValue": True})
