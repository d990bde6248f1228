"""DescribeImages and its like: whom an AMI is shared with, when it was launched, and pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tfgen.emulator.amis.disks import by_default_key, disks, written
from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.sharing import accounts, may_launch, owned, readable, shared_with
from tfgen.emulator.amis.state import of


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ec2.models.amis import Ami, AmiBackend
    from moto.ec2.models.core import TaggedEC2Resource
    from moto.ec2.models.elastic_block_store import Snapshot
    from moto.ec2.models.instances import Instance
    from moto.ec2.responses.amis import AmisResponse
    from moto.ec2.responses.elastic_block_store import ElasticBlockStore

    put(TaggedEC2Resource, "get_tags", _tags)
    put(AmiBackend, "describe_images", _describe)
    put(AmisResponse, "describe_images", _answer)
    put(AmisResponse, "describe_image_attribute", _attribute(AmisResponse.describe_image_attribute))
    put(AmisResponse, "modify_image_attribute", _modify(AmisResponse.modify_image_attribute))
    put(AmisResponse, "reset_image_attribute", _reset_attribute)
    put(AmiBackend, "disable_image", _disable(AmiBackend.disable_image))
    put(AmiBackend, "enable_image", _owned_first(AmiBackend.enable_image))
    put(Ami, "get_filter_value", _filter_value(Ami.get_filter_value))
    put(Ami, "last_launched_time", property(_last_launched))
    put(Ami, "block_device_mappings", property(_mappings))
    put(Instance, "__init__", _launched(Instance.__init__))
    put(Snapshot, "full_snapshot_size_in_bytes", property(_full_size))
    put(ElasticBlockStore, "describe_snapshots", _answer_snapshots)


def _tags(self: Any) -> list[dict[str, str]]:
    """The tags of a resource: moto looks at all tags of the region for each."""
    kept = self.ec2_backend.tags.get(self.id, {}) if self.id else {}
    return [{"key": key, "value": value} for key, value in kept.items()]


def _describe(
    self: Any, ami_ids: Any = None, filters: Any = None, exec_users: Any = None, owners: Any = None
) -> list[Any]:
    """DescribeImages: moto knows no AMI of another account, and forgets all filters where it is given ids."""
    from moto.ec2.exceptions import InvalidAMIIdError, MalformedAMIIdError
    from moto.ec2.utils import generic_filter

    known = {**dict(shared_with(self)), **self.amis}
    if malformed := [each for each in ami_ids or () if not each.startswith("ami-")]:
        raise MalformedAMIIdError(malformed)
    if missing := [each for each in ami_ids or () if each not in known]:
        raise InvalidAMIIdError(missing)
    images = [known[each] for each in dict.fromkeys(ami_ids)] if ami_ids else list(known.values())
    me = self.account_id
    if exec_users:
        wanted = {me if each == "self" else each for each in exec_users}
        images = [each for each in images if _is_shared_with(each, wanted)]
    if owners:
        wanted = {me if each == "self" else each for each in owners}
        images = [each for each in images if each.owner_id in wanted or each.owner_alias in wanted]
    return list(generic_filter(filters or {}, images))


def _is_shared_with(image: Any, users: set[str]) -> bool:
    if image.is_public:
        return "all" in users
    return any(each != image.owner_id and may_launch(image, each) for each in users)


def _answer(self: Any) -> Any:
    """DescribeImages: moto ignores IncludeDisabled, IncludeDeprecated, MaxResults and NextToken."""
    from moto.core.responses import ActionResult
    from moto.ec2.exceptions import EC2ClientError

    self.error_on_dryrun()
    ids = self._get_param("ImageIds", [])
    if ids and self._get_param("MaxResults"):
        raise EC2ClientError(
            "InvalidParameterCombination", "The parameter imageIds cannot be used with the parameter maxResults"
        )
    images = self.ec2_backend.describe_images(
        ami_ids=ids,
        filters=self._filters_from_querystring(),
        exec_users=self._get_param("ExecutableUsers", []),
        owners=self._get_param("Owners", []),
    )
    if not self._get_bool_param("IncludeDisabled", False):
        images = [each for each in images if each.state != "disabled"]
    if not self._get_bool_param("IncludeDeprecated", False) and not ids:
        now, me = written(datetime.now(UTC)), self.ec2_backend.account_id
        images = [each for each in images if each.owner_id == me or not _deprecated(each, now)]
    return ActionResult(page(self, "Images", images))


def _deprecated(image: Any, now: str) -> bool:
    return bool((moment := getattr(image, "deprecation_time", None)) and moment <= now)


def _answer_snapshots(self: Any) -> Any:
    """DescribeSnapshots: moto ignores MaxResults, NextToken and OwnerIds, and knows no snapshot of another account."""
    from moto.core.responses import ActionResult
    from moto.ec2.utils import generic_filter

    backend = self.ec2_backend
    me, owners = backend.account_id, self._get_param("OwnerIds", [])
    filters, ids = self._filters_from_querystring(), self._get_param("SnapshotIds", [])
    shared = {
        each.id: each
        for account, other in accounts(backend.region_name).items()
        for each in list(other.snapshots.values())
        if account != me and each.owner_id == account and readable(each, me)
    }
    found = [shared[each] for each in ids if each in shared] if ids else list(shared.values())
    if own := [each for each in ids if each not in shared] or not ids:
        found += backend.describe_snapshots(snapshot_ids=own if ids else None)
    wanted = {me if each == "self" else each for each in owners}
    found = [each for each in found if not wanted or each.owner_id in wanted]
    return ActionResult(page(self, "Snapshots", generic_filter(filters, found)))


def _attribute(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """DescribeImageAttribute: moto has an error of its own for lastLaunchedTime and others; only an owner may ask."""

    def described(self: Any) -> Any:
        from moto.core.responses import ActionResult

        self.error_on_dryrun()
        name = self._get_param("Attribute")
        image = owned(self.ec2_backend, self._get_param("ImageId"))
        values = {
            "lastLaunchedTime": ("LastLaunchedTime", image.last_launched_time),
            "deregistrationProtection": ("DeregistrationProtection", getattr(image, "deregistration_protection", None)),
            "imdsSupport": ("ImdsSupport", getattr(image, "imds_support", None)),
            "description": ("Description", image.description),
            "bootMode": ("BootMode", image.boot_mode),
        }
        if name not in values:
            return original(self)
        key, value = values[name]
        return ActionResult({"ImageId": image.id, key: {"Value": value} if value else {}})

    return described


def _modify(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """ModifyImageAttribute: moto takes one organisation only, the attribute Description not at all, and lets share
    what cannot be shared: a disabled AMI, and one whose disk is encrypted with the key that AWS manages.
    """

    def modified(self: Any) -> Any:
        from moto.ec2.exceptions import EC2ClientError

        image = owned(self.ec2_backend, self._get_param("ImageId"))
        adds = bool((self._get_param("LaunchPermission") or {}).get("Add")) or self._get_param("OperationType") == "add"
        if adds and image.state != "available":
            raise EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available")
        if adds and any(by_default_key(each) for _, each in disks(image)):
            raise EC2ClientError("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared")
        answer = original(self)
        if (text := (self._get_param("Description") or {}).get("Value")) is not None:
            image.description = text
        if self._get_param("OperationType") in ("add", "remove"):
            _all_of_them(self, image)
        return answer

    return modified


def _all_of_them(response: Any, image: Any) -> None:
    lists = {"OrganizationArns": "OrganizationArn", "OrganizationalUnitArns": "OrganizationalUnitArn"}
    for given, key in lists.items():
        for arn in response._get_param(given, []):
            image.launch_permissions = [each for each in image.launch_permissions if each != {key: arn}]
            if response._get_param("OperationType") == "add":
                image.launch_permissions.append({key: arn})


def _reset_attribute(self: Any) -> Any:
    """ResetImageAttribute: moto does not have it."""
    from moto.core.responses import EmptyResult

    self.error_on_dryrun()
    owned(self.ec2_backend, self._get_param("ImageId")).launch_permissions = []
    return EmptyResult()


def _disable(original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    """DisableImage takes away all launch permissions, and EnableImage does not give them back.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableImage.html
    """

    def disabled(self: Any, ami_id: str) -> None:
        image = owned(self, ami_id)
        original(self, ami_id)
        image.launch_permissions = []

    return disabled


def _owned_first(original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def enabled(self: Any, ami_id: str) -> None:
        owned(self, ami_id)
        original(self, ami_id)

    return enabled


def _filter_value(original: Callable[..., Any]) -> Callable[..., Any]:
    """Filters of DescribeImages that moto does not have."""

    def value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        more: dict[str, Callable[[], Any]] = {
            "block-device-mapping.snapshot-id": lambda: [each.id for _, each in disks(self)],
            "creation-date": lambda: written(self.creation_date),
            "description": lambda: self.description or "",
            "hypervisor": lambda: self.hypervisor,
            "image-type": lambda: self.image_type,
            "root-device-name": lambda: self.root_device_name,
            "root-device-type": lambda: self.root_device_type,
            "source-image-id": lambda: getattr(self, "source_image_id", None),
            "source-image-region": lambda: getattr(self, "source_image_region", None),
        }
        return more[filter_name]() if filter_name in more else original(self, filter_name, method_name)

    return value


def _mappings(self: Any) -> list[dict[str, Any]]:
    return [
        {
            "DeviceName": device,
            "Ebs": {
                "SnapshotId": snapshot.id,
                "VolumeSize": snapshot.volume_size,
                "DeleteOnTermination": False,
                "VolumeType": "standard",
                "Encrypted": bool(snapshot.encrypted),
            },
        }
        for device, snapshot in disks(self)
    ]


def _full_size(self: Any) -> int:
    """FullSnapshotSizeInBytes: moto does not have it. A third of the volume, as if that much were written."""
    return int(self.__dict__.get("full_size", self.volume_size * 1024**3 // 3))


def _last_launched(self: Any) -> str | None:
    """LastLaunchedTime: moto does not have it. AWS tells of a launch a day later."""
    latest = datetime.now(UTC) - of(self.ec2_backend).launch_delay
    seen = [each for each in self.__dict__.get("launches", ()) if each <= latest]
    return written(max(seen)) if seen else None


def _launched(original: Callable[..., None]) -> Callable[..., None]:
    """RunInstances and others: moto starts what `resolve:ssm:` names as it stands, and disabled AMIs, too."""

    def begun(self: Any, ec2_backend: Any, image_id: str, user_data: Any, security_groups: Any, **options: Any) -> None:
        from moto.ec2.exceptions import EC2ClientError

        from tfgen.emulator.amis.launch_templates import resolved

        if not image_id and (template := options.get("launch_template")):
            image_id = ec2_backend._get_template_from_args(template).image_id
        image_id = resolved(ec2_backend, image_id)
        image = ec2_backend.amis.get(image_id) or dict(shared_with(ec2_backend)).get(image_id)
        gone = image_id in ec2_backend.deleted_amis
        if gone or (image is not None and image.state != "available"):
            raise EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
        original(self, ec2_backend, image_id, user_data, security_groups, **options)
        if image is not None:
            owner = accounts(ec2_backend.region_name).get(image.owner_id, ec2_backend)
            owner.amis.get(image_id, image).__dict__.setdefault("launches", []).append(datetime.now(UTC))

    return begun
