"""Roles, their policies, and the managed policies of a call, held against AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfgen.aws.resources.model import RoleFacts
from tfgen.status.drift.compare.differences import Differences
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Resource, Resources, is_decided


def role_drift(resource: Resource, made: Resources, found: RoleFacts, *, alone: bool) -> list[Drift]:
    """What differs in a role that exists; `alone`: nothing but the call itself gives it policies."""
    name = resource.text("name")
    seen = Differences(f"role {name}")
    seen.document("trust policy", resource.get("assume_role_policy"), found.trust)
    for field, have in (("description", found.description), ("permissions_boundary", found.boundary)):
        if field in resource.attributes:
            seen.of(field, resource.get(field), have)
    seen.tags(resource.get("tags"), found.tags)
    _inline(seen, name, made, found.inline, alone=alone)
    _attached(seen, name, made, found.attached, alone=alone)
    return seen.found


def policy_drift(resource: Resource, found: Mapping[str, Any]) -> list[Drift]:
    """What differs in a managed policy; {} is none."""
    seen = Differences(f"policy {resource.text('name')}")
    if not found:
        seen.say("", "exists", "does not exist")
    else:
        seen.document("policy", resource.get("policy"), found)
    return seen.found


def _inline(
    seen: Differences, role: str, made: Resources, found: Mapping[str, Mapping[str, Any]] | None, *, alone: bool
) -> None:
    policies = [one for one in made.of("aws_iam_role_policy") if one.attributes.get("role") == role]
    if found is None:
        return
    for one in policies:
        name = one.text("name")
        if name and name not in found:
            seen.say(f"policy {name}", "exists", "does not exist")
        elif name:
            seen.document(f"policy {name}", one.get("policy"), found[name])
    known = made.are_all("aws_iam_role_policy") and all(one.text("name") for one in policies)
    if alone and known and made.are_all("*"):
        for name in sorted(found.keys() - {one.text("name") for one in policies}):
            seen.say(f"policy {name}", "does not exist", "exists")


def _attached(seen: Differences, role: str, made: Resources, found: frozenset[str] | None, *, alone: bool) -> None:
    attachments = [one for one in made.of("aws_iam_role_policy_attachment") if one.attributes.get("role") == role]
    if found is None:
        return
    arns = [one.get("policy_arn") for one in attachments]
    for arn in sorted({str(one) for one in arns if is_decided(one)} - found):
        seen.say("attached policies", arn, "not attached")
    known = made.are_all("aws_iam_role_policy_attachment") and made.are_all("*") and all(map(is_decided, arns))
    if alone and known:
        for arn in sorted(found - set(map(str, arns))):
            seen.say("attached policies", "not attached", arn)
