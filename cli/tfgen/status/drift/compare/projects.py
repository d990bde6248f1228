"""A CodeBuild project held against the block that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfgen.status.drift.compare.differences import Differences
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Nested, Resource, is_decided
from tfgen_generators.packer.syntax.values import Value

_Found = Mapping[str, Any]
#: Argument -> the field of BatchGetProjects.
_PLAIN = {"description": "description", "service_role": "serviceRole", "build_timeout": "timeoutInMinutes"}
_ENVIRONMENT = {
    "type": "type",
    "compute_type": "computeType",
    "image": "image",
    "image_pull_credentials_type": "imagePullCredentialsType",
    "privileged_mode": "privilegedMode",
}


def project_drift(resource: Resource, found: _Found) -> list[Drift]:
    """What differs in a project that exists."""
    seen = Differences(f"project {found.get('name', '')}")
    for name, field in _PLAIN.items():
        if name in resource.attributes:
            seen.of(name, resource.get(name), found.get(field))
    _key(seen, resource, str(found.get("encryptionKey") or ""))
    for name in ("source", "artifacts"):
        for block in resource.of(name):
            for key in ("type", "buildspec", "location"):
                if key in block.attributes and name not in resource.ignored:
                    seen.of(f"{name}.{key}", block.attributes[key], (found.get(name) or {}).get(key))
    for block in resource.of("environment") if "environment" not in resource.ignored else ():
        _environment(seen, block, found.get("environment") or {})
    _logs(seen, resource, found.get("logsConfig") or {})
    _network(seen, resource, found.get("vpcConfig") or {})
    if "tags" not in resource.ignored:
        seen.tags(resource.get("tags"), {tag["key"]: tag["value"] for tag in found.get("tags") or ()})
    return seen.found


def _key(seen: Differences, resource: Resource, found: str) -> None:
    """Without a key of one's own AWS answers with the one of S3."""
    if "encryption_key" in resource.attributes:
        seen.of("encryption_key", resource.get("encryption_key"), "" if found.endswith(":alias/aws/s3") else found)


def _environment(seen: Differences, block: Nested, found: _Found) -> None:
    for name, field in _ENVIRONMENT.items():
        if name in block.attributes:
            seen.of(f"environment.{name}", block.attributes[name], found.get(field))
    variables = [each for each in block.blocks if each.kind == "environment_variable"]
    names = [each.attributes.get("name") for each in variables]
    expected = {
        str(name): _variable(each.attributes.get("type"), each.attributes.get("value"))
        for name, each in zip(names, variables, strict=True)
        if each.certain and is_decided(name)
    }
    have = variables_of(found)
    are_all = all(each.certain and is_decided(name) for name, each in zip(names, variables, strict=True))
    for name in sorted(expected.keys() | (have.keys() if are_all else set())):
        wanted = expected.get(name)
        if name not in expected or wanted is not None:
            seen.variable(name, wanted, have.get(name))
        elif name not in have:
            seen.variable(name, "(known to Terraform)", None)


def _variable(kind: Value, value: Value) -> str | None:
    """Its value, and where CodeBuild fetches it, from where; None where that is not known."""
    if not is_decided(value) or not is_decided(kind) or not isinstance(value, str):
        return None
    return value if kind in (None, "PLAINTEXT") else f"{kind} {value}"


def variables_of(environment: _Found) -> dict[str, str]:
    """Name -> value, as `_variable` writes it."""
    found: dict[str, str] = {}
    for each in environment.get("environmentVariables") or ():
        kind = str(each.get("type") or "PLAINTEXT")
        value = str(each.get("value") or "")
        found[str(each.get("name", ""))] = value if kind == "PLAINTEXT" else f"{kind} {value}"
    return found


def _logs(seen: Differences, resource: Resource, found: _Found) -> None:
    for block in resource.of("logs_config"):
        for inner in block.blocks:
            have = found.get("cloudWatchLogs") or {}
            if inner.kind == "cloudwatch_logs":
                seen.of("logs.status", inner.attributes.get("status"), have.get("status"))
                seen.of("logs.group_name", inner.attributes.get("group_name"), have.get("groupName"))


def _network(seen: Differences, resource: Resource, found: _Found) -> None:
    blocks = list(resource.of("vpc_config"))
    if any(not block.certain for block in blocks) or "vpc_config" in resource.ignored:
        return
    if not blocks:
        seen.of("vpc_config.vpc_id", None, found.get("vpcId"))
    for block in blocks:
        seen.of("vpc_config.vpc_id", block.attributes.get("vpc_id"), found.get("vpcId"))
        seen.of_all("vpc_config.subnets", block.attributes.get("subnets"), found.get("subnets") or ())
        groups = found.get("securityGroupIds") or ()
        wanted = block.attributes.get("security_group_ids")
        if isinstance(wanted, list) and not is_decided(wanted) and len(wanted) != len(groups):
            seen.say("vpc_config.security_group_ids", f"{len(wanted)} of them", f"{len(groups)} of them")
        seen.of_all("vpc_config.security_group_ids", wanted, groups)
