"""CreateImage, CopyImage and RegisterImage: what moto forgets of where an AMI is from, and of its disks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfgen.emulator.amis.disks import by_default_key, disks
from tfgen.emulator.amis.sharing import accounts, readable
from tfgen.emulator.amis.state import of


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.responses.amis import AmisResponse
    from moto.ec2.responses.elastic_block_store import ElasticBlockStore

    put(AmiBackend, "create_image", _with_source(AmiBackend.create_image))
    put(AmisResponse, "copy_image", _copy)
    put(AmisResponse, "register_image", _register)
    put(ElasticBlockStore, "modify_snapshot_attribute", _unless_default(ElasticBlockStore.modify_snapshot_attribute))


def _with_source(create_image: Callable[..., Any]) -> Callable[..., Any]:
    """CreateImage: moto knows no source image."""

    def created(self: Any, instance_id: str, *rest: Any, **more: Any) -> Any:
        image = create_image(self, instance_id, *rest, **more)
        image.source_image_id = self.get_instance(instance_id).image_id
        image.source_image_region = self.region_name
        return image

    return created


def _copy(self: Any) -> Any:
    """CopyImage: moto forgets tags, encryption, the source, the client token, and never fails."""
    from moto.core.responses import ActionResult
    from moto.ec2.exceptions import EC2ClientError

    self.error_on_dryrun()
    backend = self.ec2_backend
    state, token = of(backend), self._get_param("ClientToken")
    if token and token in state.tokens:
        return ActionResult({"ImageId": state.tokens[token]})
    if state.copy_error:
        raise EC2ClientError(state.copy_error, "The copy was refused as the test wants it")
    region, source_id = self._get_param("SourceRegion"), self._get_param("SourceImageId")
    source = _source(backend, region, source_id)
    image = backend.copy_image(source_id, region, self._get_param("Name"), self._get_param("Description"))
    image.source_image_id, image.source_image_region = source_id, region
    image.root_device_name, image.root_device_type = source.root_device_name, "ebs"
    image.boot_mode = source.boot_mode
    image.imds_support = getattr(source, "imds_support", None)
    _copy_disks(self, source, image)
    if self._get_bool_param("CopyImageTags", False):
        image.add_tags({each["key"]: each["value"] for each in source.get_tags() if not each["key"].startswith("aws:")})
    _add_tags(self, image)
    image.state = state.copies
    if token:
        state.tokens[token] = image.id
    return ActionResult({"ImageId": image.id})


def _source(backend: Any, region: str, image_id: str) -> Any:
    """The source of a copy as the account sees it, once it is sure that it may read its disks."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models import ec2_backends

    here = ec2_backends[backend.account_id][region]
    (source,) = here.describe_images(ami_ids=[image_id])
    if source.state != "available":
        raise EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
    theirs = source.owner_id in accounts(region)
    if theirs and not all(readable(snapshot, backend.account_id) for _, snapshot in disks(source)):
        raise EC2ClientError("InvalidRequest", "You do not have permission to access the storage of this ami")
    return source


def _copy_disks(response: Any, source: Any, image: Any) -> None:
    backend, key = response.ec2_backend, response._get_param("KmsKeyId")
    encrypt = response._get_bool_param("Encrypted", False) or bool(key)
    copied = []
    for at, (device, old) in enumerate(disks(source)):
        new = image.ebs_snapshot if at == 0 else backend.create_snapshot(image.ebs_snapshot.volume_id, "", None)
        new.volume, new.encrypted = old.volume, encrypt or old.encrypted
        new.kms_key_id = (key or "alias/aws/ebs") if new.encrypted else None
        new.description = f"Copied for DestinationAmi {image.id} from SourceAmi {source.id} for SourceSnapshot {old.id}"
        new.full_size = old.full_snapshot_size_in_bytes
        copied.append((device, new))
    image.disks = copied


def _add_tags(response: Any, image: Any) -> None:
    for given in response._get_param("TagSpecifications", []):
        tags = {each["Key"]: each.get("Value", "") for each in given.get("Tags", [])}
        for resource in [image] if given["ResourceType"] == "image" else [each for _, each in disks(image)]:
            resource.add_tags(tags)


def _register(self: Any) -> Any:
    """RegisterImage: moto drops the architecture, the root device and the disks."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    backend = self.ec2_backend
    image = backend.register_image(self._get_param("Name"), self._get_param("Description", ""))
    image.architecture = self._get_param("Architecture") or "i386"
    image.virtualization_type = self._get_param("VirtualizationType") or "paravirtual"
    image.root_device_name = self._get_param("RootDeviceName") or image.root_device_name
    image.boot_mode = self._get_param("BootMode") or image.boot_mode
    image.imds_support = self._get_param("ImdsSupport")
    mappings = [
        each for each in self._get_param("BlockDeviceMappings", []) if (each.get("Ebs") or {}).get("SnapshotId")
    ]
    if mappings:
        given = [(each["DeviceName"], backend.get_snapshot(each["Ebs"]["SnapshotId"])) for each in mappings]
        own, image.disks = image.ebs_snapshot, given
        image.root_device_type, image.ebs_snapshot = "ebs", given[0][1]
        backend.snapshots.pop(own.id, None)
    _add_tags(self, image)
    return ActionResult({"ImageId": image.id})


def _unless_default(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """ModifySnapshotAttribute: moto shares what is encrypted with the key that AWS manages, and one of two ways of
    naming the accounts is lost.
    """

    def modified(self: Any) -> Any:
        from moto.ec2.exceptions import EC2ClientError

        backend = self.ec2_backend
        snapshot = backend.get_snapshot(self._get_param("SnapshotId"))
        changes = self._get_param("CreateVolumePermission") or {}
        adds = bool(changes.get("Add")) or self._get_param("OperationType") == "add"
        if adds and by_default_key(snapshot):
            raise EC2ClientError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
        answer = original(self)
        for each in changes.get("Add", []):
            snapshot.create_volume_permission_userids.update(filter(None, [each.get("UserId")]))
            snapshot.create_volume_permission_groups.update(filter(None, [each.get("Group")]))
        for each in changes.get("Remove", []):
            snapshot.create_volume_permission_userids.discard(each.get("UserId"))
            snapshot.create_volume_permission_groups.discard(each.get("Group"))
        return answer

    return modified
