"""The Recycle Bin of EC2: what goes there when it is deleted, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tfgen.emulator.amis.disks import disks
from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.sharing import owned
from tfgen.emulator.amis.state import Binned, of

_MARK = "aws:recycle-bin:resource-in-bin"


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.models.elastic_block_store import EBSBackend
    from moto.ec2.responses.amis import AmisResponse
    from moto.ec2.responses.elastic_block_store import ElasticBlockStore

    put(AmiBackend, "deregister_image", _deregister(AmiBackend.deregister_image))
    put(AmisResponse, "deregister_image", _with_snapshots(AmisResponse.deregister_image))
    put(EBSBackend, "delete_snapshot", _delete_snapshot)
    put(AmisResponse, "list_images_in_recycle_bin", _list_images)
    put(AmisResponse, "restore_image_from_recycle_bin", _restore_image)
    put(ElasticBlockStore, "list_snapshots_in_recycle_bin", _list_snapshots)
    put(ElasticBlockStore, "restore_snapshot_from_recycle_bin", _restore_snapshot)


def _retained(backend: Any, kind: str, resource: Any) -> timedelta | None:
    """How long the rules keep the resource; the longest counts. None: no rule matches.

    A rule without tags is the region's, but for what its exclusions name. Source:
    https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html
    """
    tags = {each["key"]: each["value"] for each in resource.get_tags()}

    def named(given: list[dict[str, str]]) -> bool:
        return any(
            each["ResourceTagKey"] in tags and each.get("ResourceTagValue") in (None, "", tags[each["ResourceTagKey"]])
            for each in given
        )

    kept = [
        timedelta(days=rule["RetentionPeriod"]["RetentionPeriodValue"])
        for rule in of(backend).rules.values()
        if rule["ResourceType"] == kind and rule["Status"] == "available"
        if (named(rule["ResourceTags"]) if rule["ResourceTags"] else not named(rule["ExcludeResourceTags"]))
    ]
    return max(kept, default=None)


def _put_away(backend: Any, kind: str, resource: Any) -> None:
    """Into the bin, if a rule matches; else it is gone with its tags."""
    retained = _retained(backend, kind, resource)
    if retained is None:
        backend.tags.pop(resource.id, None)
        return
    now = datetime.now(UTC)
    of(backend).bin[resource.id] = Binned(resource=resource, entered=now, leaves=now + retained)
    backend.tags[resource.id][_MARK] = "true"


def _deregister(original: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    """DeregisterImage: moto has no bin."""

    def deregistered(self: Any, ami_id: str) -> None:
        image = owned(self, ami_id)
        original(self, ami_id)
        _put_away(self, "EC2_IMAGE", image)

    return deregistered


def _with_snapshots(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """DeregisterImage: moto ignores DeleteAssociatedSnapshots."""

    def deregistered(self: Any) -> Any:
        from moto.core.responses import ActionResult

        backend, image_id = self.ec2_backend, self._get_param("ImageId")
        associated = disks(backend.amis[image_id]) if image_id in backend.amis else []
        answer = original(self)
        if not self._get_bool_param("DeleteAssociatedSnapshots", False):
            return answer
        results = []
        for _, snapshot in associated:
            used = _user_of(backend, snapshot)
            if not used and snapshot.id in backend.snapshots:
                backend.delete_snapshot(snapshot.id)
            results.append({"SnapshotId": snapshot.id, "ReturnCode": "skipped" if used else "success"})
        return ActionResult({"Return": True, "DeleteSnapshotResults": results})

    return deregistered


def _user_of(backend: Any, snapshot: Any) -> str:
    """An AMI of the account that has the snapshot, disabled ones too; "": none."""
    for image in list(backend.amis.values()):
        if any(each is snapshot for _, each in disks(image)):
            return str(image.id)
    return ""


def _delete_snapshot(self: Any, snapshot_id: str) -> Any:
    """DeleteSnapshot: moto knows one AMI of a snapshot only, and has no bin."""
    from moto.ec2.exceptions import InvalidSnapshotIdError, InvalidSnapshotInUse

    snapshot = self.snapshots.get(snapshot_id)
    if snapshot is None:
        raise InvalidSnapshotIdError
    if user := _user_of(self, snapshot):
        raise InvalidSnapshotInUse(snapshot_id, user)
    self.snapshots.pop(snapshot_id)
    _put_away(self, "EBS_SNAPSHOT", snapshot)
    return snapshot


def _binned(response: Any, prefix: str, ids: list[str]) -> list[Binned]:
    state, now = of(response.ec2_backend), datetime.now(UTC)
    state.bin = {key: each for key, each in state.bin.items() if each.leaves > now}
    return [each for key, each in state.bin.items() if key.startswith(prefix) and (not ids or key in ids)]


def _times(each: Binned) -> dict[str, Any]:
    return {"RecycleBinEnterTime": each.entered, "RecycleBinExitTime": each.leaves}


def _list_images(self: Any) -> Any:
    """ListImagesInRecycleBin: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    found = [
        {
            "ImageId": each.resource.id,
            "Name": each.resource.name,
            "Description": each.resource.description or "",
            **_times(each),
        }
        for each in _binned(self, "ami-", self._get_param("ImageIds", []))
    ]
    return ActionResult(page(self, "Images", found, size=1000))


def _list_snapshots(self: Any) -> Any:
    """ListSnapshotsInRecycleBin: moto does not have it."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    found = [
        {
            "SnapshotId": each.resource.id,
            "Description": each.resource.description or "",
            "VolumeId": each.resource.volume_id,
            **_times(each),
        }
        for each in _binned(self, "snap-", self._get_param("SnapshotIds", []))
    ]
    return ActionResult(page(self, "Snapshots", found, size=1000))


def _taken_out(response: Any, resource_id: str, code: str) -> Any:
    from moto.ec2.exceptions import EC2ClientError

    if not _binned(response, resource_id, [resource_id]):
        raise EC2ClientError(code, f"'{resource_id}' is not in the Recycle Bin")
    backend = response.ec2_backend
    backend.tags[resource_id].pop(_MARK, None)
    return of(backend).bin.pop(resource_id).resource


def _restore_image(self: Any) -> Any:
    """RestoreImageFromRecycleBin: moto does not have it. Its tags are as before. AWS's documentation does not say
    that it is shared again, so it is not, unless the state's `bin_keeps_permissions` is set.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/recycle-bin-factors.html
    """
    from moto.core.responses import ActionResult
    from moto.ec2.exceptions import EC2ClientError

    self.error_on_dryrun()
    backend, image_id = self.ec2_backend, self._get_param("ImageId")
    waiting = of(backend).bin.get(image_id)
    if waiting and any(each.id not in backend.snapshots for _, each in disks(waiting.resource)):
        raise EC2ClientError("InvalidAMIID.Unavailable", f"A snapshot of '{image_id}' does not exist: restore it first")
    image = _taken_out(self, image_id, "InvalidAMIID.NotFound")
    if not of(backend).bin_keeps_permissions:
        image.launch_permissions = []
    backend.amis[image_id] = image
    backend.deleted_amis.remove(image_id)
    return ActionResult({"Return": True})


def _restore_snapshot(self: Any) -> Any:
    """RestoreSnapshotFromRecycleBin: moto does not have it. Who may read it is as with an AMI."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    backend = self.ec2_backend
    snapshot = _taken_out(self, self._get_param("SnapshotId"), "InvalidSnapshot.NotFound")
    if not of(backend).bin_keeps_permissions:
        snapshot.create_volume_permission_userids = set()
        snapshot.create_volume_permission_groups = set()
    backend.snapshots[snapshot.id] = snapshot
    return ActionResult(
        {
            "SnapshotId": snapshot.id,
            "Description": snapshot.description or "",
            "Encrypted": bool(snapshot.encrypted),
            "OwnerId": snapshot.owner_id,
            "Progress": snapshot.progress,
            "StartTime": snapshot.start_time,
            "State": snapshot.status,
            "VolumeId": snapshot.volume_id,
            "VolumeSize": snapshot.volume_size,
        }
    )
