"""Launch templates: pages, versions that are deleted, and AMIs by the name of a parameter (`resolve:ssm:`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfgen.emulator.amis.pages import page

_ALIAS = "resolve:ssm:"
#: AWS's most on a page of launch templates; what it gives where no number is named.
_PAGE = 200


def fill(put: Callable[[Any, str, Any], None]) -> None:
    """Fill these gaps."""
    from moto.ec2.models.launch_templates import LaunchTemplate
    from moto.ec2.responses.launch_templates import LaunchTemplates

    put(LaunchTemplate, "get_version", _get_version)
    put(LaunchTemplate, "create_version", _create_version)
    put(LaunchTemplate, "default_version", lambda self: _get_version(self, self.default_version_number))
    put(LaunchTemplates, "create_launch_template_version", _from_source(LaunchTemplates.create_launch_template_version))
    put(LaunchTemplates, "describe_launch_templates", _describe)
    put(LaunchTemplates, "describe_launch_template_versions", _describe_versions)
    put(LaunchTemplates, "delete_launch_template_versions", _delete_versions)


def alias_value(backend: Any, image_id: str) -> str:
    """The AMI that `resolve:ssm:NAME`, `NAME:VERSION` or `NAME:LABEL` stands for now; "" where it names none."""
    from moto.core.exceptions import ServiceException
    from moto.ssm.models import ssm_backends

    name, account = image_id.removeprefix(_ALIAS), backend.account_id
    if name.startswith("arn:"):
        account = name.split(":")[4]
    try:
        found = ssm_backends[account][backend.region_name].get_parameter(name)
    except ServiceException:
        return ""
    return str(found.value) if found is not None else ""


def resolved(backend: Any, image_id: str) -> str:
    """What an instance is started from; an alias that names no AMI is an error."""
    from moto.ec2.exceptions import EC2ClientError

    if not (image_id or "").startswith(_ALIAS):
        return image_id
    value = alias_value(backend, image_id)
    if not value.startswith("ami-"):
        raise EC2ClientError("InvalidParameterValue", f"The parameter of '{image_id}' names no AMI")
    return value


def _get_version(self: Any, num: Any) -> Any:
    """moto takes a version for its place in a list, which holds until one is deleted."""
    from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound

    named = {"$latest": self.versions[-1].number, "$default": self.default_version_number}
    wanted = str(named.get(str(num).lower(), num))
    for version in self.versions:
        if str(version.number) == wanted:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)


def _create_version(self: Any, data: dict[str, Any], description: str) -> Any:
    from moto.ec2.models.launch_templates import LaunchTemplateVersion

    self.last_number = self.__dict__.get("last_number", 0) + 1
    version = LaunchTemplateVersion(self, self.last_number, data, description)
    self.versions.append(version)
    return version


def _from_source(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateLaunchTemplateVersion: moto ignores SourceVersion and ResolveAlias, and repeats no client token."""

    def created(self: Any) -> Any:
        data = self.params.setdefault("LaunchTemplateData", {})
        if (source := self._get_param("SourceVersion")) is not None:
            for name, value in _template(self).get_version(source).data.items():
                data.setdefault(name, value)
        return original(self)

    return created


def _template(response: Any) -> Any:
    if name := response._get_param("LaunchTemplateName"):
        return response.ec2_backend.get_launch_template_by_name(name)
    return response.ec2_backend.get_launch_template(response._get_param("LaunchTemplateId"))


def _creator(response: Any) -> str:
    return f"arn:{response.partition}:iam::{response.current_account}:root"


def _describe(self: Any) -> Any:
    """DescribeLaunchTemplates: moto gives 15 and no NextToken."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    backend, ids = self.ec2_backend, self._get_param("LaunchTemplateIds", [])
    for each in ids:
        backend.get_launch_template(each)
    found = backend.describe_launch_templates(
        template_names=self._get_param("LaunchTemplateNames", []),
        template_ids=ids,
        filters=self._filters_from_querystring(),
    )
    answer = page(self, "LaunchTemplates", found, size=_PAGE)
    answer["LaunchTemplates"] = [
        {
            "CreateTime": template.create_time,
            "CreatedBy": _creator(self),
            "DefaultVersionNumber": template.default_version_number,
            "LatestVersionNumber": template.latest_version_number,
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "Tags": template.get_tags(),
        }
        for template in answer["LaunchTemplates"]
    ]
    return ActionResult(answer)


def _describe_versions(self: Any) -> Any:
    """DescribeLaunchTemplateVersions: moto gives 15 and no NextToken, no filters, and ignores ResolveAlias."""
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    backend = self.ec2_backend
    found = backend.describe_launch_template_versions(
        template_name=self._get_param("LaunchTemplateName"),
        template_id=self._get_param("LaunchTemplateId"),
        versions=self._get_param("Versions", []),
        min_version=None,
        max_version=None,
        max_results=None,
    )
    found = list(dict.fromkeys(found))
    if not self._get_param("Versions", []):
        low, high = self._get_int_param("MinVersion"), self._get_int_param("MaxVersion")
        found = [(t, v) for t, v in found if v.number >= (low or 0) and (high is None or v.number <= high)]
    found = [(t, v) for t, v in found if _matches(t, v, self._filters_from_querystring())]
    answer = page(self, "LaunchTemplateVersions", found, size=_PAGE)
    resolve = self._get_bool_param("ResolveAlias", False)
    answer["LaunchTemplateVersions"] = [
        {
            "CreateTime": version.create_time,
            "CreatedBy": _creator(self),
            "DefaultVersion": template.is_default(version),
            "LaunchTemplateData": _data(backend, version, resolve),
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionDescription": version.description,
            "VersionNumber": version.number,
        }
        for template, version in answer["LaunchTemplateVersions"]
    ]
    return ActionResult(answer)


def _data(backend: Any, version: Any, resolve: bool) -> dict[str, Any]:
    data: dict[str, Any] = version.data
    if resolve and str(data.get("ImageId", "")).startswith(_ALIAS):
        return {**data, "ImageId": alias_value(backend, data["ImageId"]) or data["ImageId"]}
    return data


def _matches(template: Any, version: Any, filters: dict[str, list[str]]) -> bool:
    from moto.ec2.exceptions import FilterNotImplementedError

    values = {
        "image-id": version.data.get("ImageId", ""),
        "instance-type": version.data.get("InstanceType", ""),
        "is-default-version": str(template.is_default(version)).lower(),
    }
    for name, wanted in filters.items():
        if name not in values:
            raise FilterNotImplementedError(name, "DescribeLaunchTemplateVersions")
        if values[name] not in wanted:
            return False
    return True


def _delete_versions(self: Any) -> Any:
    """DeleteLaunchTemplateVersions: moto does not have it."""
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    template = _template(self)
    names = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
    gone, kept = [], []
    for number in self._get_param("Versions", []):
        try:
            version = template.get_version(number)
        except ServiceException as error:
            problem = {"Code": "launchTemplateVersionDoesNotExist", "Message": str(error.message)}
            kept.append({**names, "VersionNumber": int(number), "ResponseError": problem})
            continue
        if template.is_default(version):
            problem = {"Code": "unexpectedError", "Message": "You can't delete the default version"}
            kept.append({**names, "VersionNumber": version.number, "ResponseError": problem})
            continue
        template.versions.remove(version)
        gone.append({**names, "VersionNumber": version.number})
    return ActionResult(
        {"SuccessfullyDeletedLaunchTemplateVersions": gone, "UnsuccessfullyDeletedLaunchTemplateVersions": kept}
    )
