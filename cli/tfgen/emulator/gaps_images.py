"""What moto lacks of EC2 and SSM for a build with Packer 1.16 and its amazon plugin 1.8: tags, dates and protection.

moto 5.2.5 answers CreateImage with tags of snapshots with an error of its own (NotImplementedError), on which the
plugin's SDK tries again for minutes; so do the other calls. Each gap has a test in
tests/terraform/test_emulator_gaps.py that fails once moto has caught up: then it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with these gaps filled; at the end moto is as it was."""
    from moto.ec2.models.amis import AmiBackend
    from moto.ec2.responses.amis import AmisResponse
    from moto.ssm.responses import SimpleSystemManagerResponse

    with ExitStack() as stack:

        def put(owner: Any, name: str, value: Callable[..., Any]) -> None:
            stack.enter_context(patch.object(owner, name, value, create=True))

        put(AmiBackend, "create_image", _with_snapshot_tags(AmiBackend.create_image))
        put(AmisResponse, "deregister_image", _unless_protected(AmisResponse.deregister_image))
        put(AmisResponse, "modify_image_attribute", _keep_imds_support(AmisResponse.modify_image_attribute))
        put(AmisResponse, "enable_image_deprecation", _set("deprecation_time", "DeprecateAt"))
        put(AmisResponse, "disable_image_deprecation", _set("deprecation_time"))
        put(AmisResponse, "enable_image_deregistration_protection", _protect)
        put(AmisResponse, "disable_image_deregistration_protection", _set("deregistration_protection"))
        put(SimpleSystemManagerResponse, "start_session", _start_session)
        put(SimpleSystemManagerResponse, "terminate_session", _terminate_session)
        yield


def _with_snapshot_tags(create_image: Callable[..., Any]) -> Callable[..., Any]:
    """CreateImage: moto has no tags for the snapshots of an image, and says that its root device is none of EBS's."""

    def created(
        self: Any, instance_id: str, name: str, description: str, tag_specifications: list[dict[str, Any]]
    ) -> Any:
        def of_kind(wanted: bool) -> list[dict[str, Any]]:
            return [one for one in tag_specifications if (one["ResourceType"] == "snapshot") is wanted]

        image = create_image(self, instance_id, name, description, of_kind(False))
        image.root_device_type = "ebs"
        for tag in (tag for one in of_kind(True) for tag in one["Tags"]):
            image.ebs_snapshot.add_tag(tag["Key"], tag["Value"])
        return image

    return created


def _set(attribute: str, parameter: str = "") -> Callable[[Any], Any]:
    """EnableImageDeprecation and the like: moto does not have them."""

    def set_(self: Any) -> Any:
        from moto.core.responses import ActionResult

        from tfgen.emulator.amis.disks import written

        self.error_on_dryrun()
        value = self._get_param(parameter) if parameter else None
        setattr(_image(self), attribute, written(value) if isinstance(value, datetime) else value)
        return ActionResult({"Return": True})

    return set_


def _protect(self: Any) -> Any:
    """EnableImageDeregistrationProtection: moto does not have it. The cooldown begins when it is taken away."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    protection = "enabled-with-cooldown" if self._get_bool_param("WithCooldown") else "enabled"
    _image(self).deregistration_protection = protection
    return ActionResult({"Return": protection})


def _unless_protected(deregister_image: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """DeregisterImage: moto knows no protection from it."""

    def deregistered(self: Any) -> Any:
        from moto.ec2.exceptions import EC2ClientError

        image = self.ec2_backend.amis.get(self._get_param("ImageId"))
        if getattr(image, "deregistration_protection", None):
            raise EC2ClientError("OperationNotPermitted", f"The image {image.id} is protected from deregistration")
        return deregister_image(self)

    return deregistered


def _keep_imds_support(modify_image_attribute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """ModifyImageAttribute: moto forgets ImdsSupport."""

    def modified(self: Any) -> Any:
        answer = modify_image_attribute(self)
        if value := (self._get_param("ImdsSupport") or {}).get("Value"):
            _image(self).imds_support = value
        return answer

    return modified


def _image(response: Any) -> Any:
    from tfgen.emulator.amis.sharing import owned

    return owned(response.ec2_backend, response._get_param("ImageId"))


def _start_session(self: Any) -> Any:
    """StartSession: moto does not have it. Nobody answers at the address, as no session of a build is real here."""
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    session = f"emulator-{mock_random.get_random_hex(17)}"
    return ActionResult({"SessionId": session, "TokenValue": "token", "StreamUrl": "wss://127.0.0.1:9/"})


def _terminate_session(self: Any) -> Any:
    """TerminateSession: moto does not have it."""
    from moto.core.responses import ActionResult

    return ActionResult({"SessionId": self._get_param("SessionId")})
