"""By which ID AWS's resources are imported, from what a plan would make of them.

Sources: the "Import" sections of the AWS provider's documentation, of every resource type of the shipped modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

#: What says that a pipeline is there.
PIPELINE = "aws_codepipeline"
SECURITY_GROUP = "aws_security_group"
_Id = Callable[[Mapping[str, Any], str, str], str | None]


def _by(*keys: str, between: str = "/") -> _Id:
    def found(after: Mapping[str, Any], _account: str, _partition: str) -> str | None:
        values = [after.get(key) for key in keys]
        return between.join(map(str, values)) if all(isinstance(value, str) and value for value in values) else None

    return found


def _policy(after: Mapping[str, Any], account: str, partition: str) -> str | None:
    name = after.get("name")
    return f"arn:{partition}:iam::{account}:policy{after.get('path') or '/'}{name}" if name and account else None


_IDS: Mapping[str, _Id] = {
    PIPELINE: _by("name"),
    "aws_cloudwatch_event_rule": _by("name"),
    "aws_cloudwatch_event_target": _by("rule", "target_id"),
    "aws_cloudwatch_log_group": _by("name"),
    "aws_codebuild_project": _by("name"),
    "aws_iam_instance_profile": _by("name"),
    "aws_iam_policy": _policy,
    "aws_iam_role": _by("name"),
    "aws_iam_role_policy": _by("role", "name", between=":"),
    "aws_iam_role_policy_attachment": _by("role", "policy_arn"),
    "aws_s3_bucket": _by("bucket"),
    "aws_sns_topic_policy": _by("arn"),
}
_OF_BUCKETS = "aws_s3_bucket_"


def wanted(plan: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Address, type and ID of each resource that a plan (`terraform show -json`) would make and that may be there."""
    account, partition = _account(plan)
    managed = set(_managed(plan))
    for change in plan.get("resource_changes") or ():
        details, kind = change.get("change") or {}, str(change.get("type"))
        if details.get("actions") != ["create"] or not str(change.get("address")).startswith("module."):
            continue
        after = details.get("after") or {}
        find = _by("bucket") if kind.startswith(_OF_BUCKETS) else _IDS.get(kind)
        found = find(after, account, partition) if find else None
        if found and (kind, found) not in managed:
            yield str(change["address"]), kind, found


def security_groups(plan: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Address, VPC and name of each security group that a plan would make: only AWS knows the ID."""
    for change in plan.get("resource_changes") or ():
        details = change.get("change") or {}
        if change.get("type") == SECURITY_GROUP and details.get("actions") == ["create"]:
            after = details.get("after") or {}
            if after.get("vpc_id") and after.get("name"):
                yield str(change["address"]), str(after["vpc_id"]), str(after["name"])


def is_managed(plan: Mapping[str, Any], kind: str, identity: str) -> bool:
    """Whether the state has it already, under whatever address."""
    return (kind, identity) in set(_managed(plan))


def where_live(plan: Mapping[str, Any]) -> dict[str, str]:
    """Call -> "state" where the state has something of it, "aws" where only AWS has (it is imported), "none" else."""
    found: dict[str, str] = {}
    for change in plan.get("resource_changes") or ():
        details, address = change.get("change") or {}, str(change.get("address"))
        if not address.startswith("module.") or change.get("mode") == "data":
            continue
        made = details.get("actions") == ["create"]
        place = "aws" if details.get("importing") else "none" if made else "state"
        name = image(address)
        found[name] = max(found.get(name, "none"), place, key=("none", "aws", "state").index)
    return found


def image(address: str) -> str:
    """The call that a resource belongs to."""
    return address.removeprefix("module.").partition(".")[0]


def _account(plan: Mapping[str, Any]) -> tuple[str, str]:
    """The account and the partition that the plan has asked for."""
    account = partition = ""
    for resource in _resources(plan):
        values = resource.get("values") or {}
        if resource.get("type") == "aws_caller_identity":
            account = str(values.get("account_id") or account)
        elif resource.get("type") == "aws_partition":
            partition = str(values.get("partition") or partition)
    return account, partition or "aws"


def _managed(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Type and ID of what the state has already, under whatever address."""
    for resource in _resources(plan):
        values = resource.get("values") or {}
        if resource.get("mode") == "managed":
            yield from ((str(resource.get("type")), str(values[key])) for key in ("id", "name") if values.get(key))


def _resources(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    values = (plan.get("prior_state") or {}).get("values") or {}
    waiting = [values.get("root_module") or {}]
    while waiting:
        module = waiting.pop()
        yield from module.get("resources") or ()
        waiting += module.get("child_modules") or ()
