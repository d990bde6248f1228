"""SSM's parameters as names of AMIs: the data type aws:ec2:image, and pages."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tfgen.emulator.amis.pages import page

_AMI = re.compile(r"ami-[0-9a-f]{8}(?:[0-9a-f]{9})?")


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ssm.models import SimpleSystemManagerBackend
    from moto.ssm.responses import SimpleSystemManagerResponse

    put(SimpleSystemManagerBackend, "put_parameter", _put(SimpleSystemManagerBackend.put_parameter))
    put(SimpleSystemManagerResponse, "describe_parameters", _describe)


def _put(original: Callable[..., Any]) -> Callable[..., Any]:
    """PutParameter: moto takes anything for an AMI. AWS refuses what does not look like one; one that is not
    there it only finds after its answer, and then the parameter stays as it was.

    Source: PutParameter's DataType in https://docs.aws.amazon.com/systems-manager/latest/APIReference/
    """
    lock = threading.Lock()

    def put(self: Any, name: str, description: Any, value: str, *rest: Any, **more: Any) -> Any:
        from moto.ssm.exceptions import ParameterAlreadyExists, ValidationException

        with lock:
            # parameter_type, allowed_pattern, keyid, overwrite, tags, data_type
            overwrite, data_type = rest[3], rest[5]
            if data_type != "aws:ec2:image":
                return original(self, name, description, value, *rest, **more)
            if not _AMI.fullmatch(value or ""):
                raise ValidationException(f"Parameter value '{value}' is not an AMI ID, as aws:ec2:image demands")
            if _is_available(self, value):
                return original(self, name, description, value, *rest, **more)
            versions = self._parameters.get(name, [])
            if versions and not overwrite:
                raise ParameterAlreadyExists
            number = versions[-1].version + 1 if versions else 1
            return SimpleNamespace(version=number, tier=more.get("tier") or "Standard")

    return put


def _is_available(ssm: Any, image_id: str) -> bool:
    from moto.core.exceptions import ServiceException
    from moto.ec2.models import ec2_backends

    try:
        (image,) = ec2_backends[ssm.account_id][ssm.region_name].describe_images(ami_ids=[image_id])
    except ServiceException:
        return False
    return bool(image.state == "available")


def _describe(self: Any) -> Any:
    """DescribeParameters: moto refuses the filter DataType and ignores MaxResults."""
    from moto.core.responses import ActionResult

    given = self._get_param("ParameterFilters") or []
    wanted = [each for each in given if each["Key"] == "DataType"]
    others = [each for each in given if each["Key"] != "DataType"]
    found = self.ssm_backend.describe_parameters(self._get_param("Filters"), others or None)
    for each in wanted:
        found = [one for one in found if one.data_type in each["Values"]]
    answer = page(self, "Parameters", found, size=10)
    answer["Parameters"] = [each.describe_response_object(False) for each in answer["Parameters"]]
    return ActionResult(answer)
