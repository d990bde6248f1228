"""The bucket of a call, its log group and its security group, held against AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tfgen.aws.resources.model import BucketFacts
from tfgen.status.drift.compare.differences import ABSENT, Differences
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Resource, Resources

_ACCESS = {
    "block_public_acls": "BlockPublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "ignore_public_acls": "IgnorePublicAcls",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
_ENCRYPTION = "aws_s3_bucket_server_side_encryption_configuration"


def bucket_drift(resource: Resource, made: Resources, found: BucketFacts, beside: Collection[str]) -> list[Drift]:
    """What differs in a bucket that exists; `beside` are the types of resources that the root module has itself."""
    name = resource.text("bucket")
    seen = Differences(f"bucket {name}")
    for one in made.of("aws_s3_bucket_public_access_block"):
        if one.attributes.get("bucket") == name and found.public_access is not None:
            for field, theirs in _ACCESS.items():
                seen.of(f"public_access.{field}", one.get(field), bool(found.public_access.get(theirs)))
    for one in made.of("aws_s3_bucket_policy"):
        if one.attributes.get("bucket") == name:
            seen.document("policy", one.get("policy"), found.policy)
    _encryption(seen, name, made, found, beside)
    if _is_left_alone(made, beside, "aws_s3_bucket_versioning", resource, "versioning") and found.versioning:
        seen.say("versioning", "never enabled", found.versioning)
    if _is_left_alone(made, beside, "aws_s3_bucket_lifecycle_configuration", resource, "lifecycle_rule"):
        for rule in found.lifecycle or ():
            seen.say("lifecycle", ABSENT, rule or "a rule")
    return seen.found


def _is_left_alone(made: Resources, beside: Collection[str], kind: str, resource: Resource, block: str) -> bool:
    """Whether nothing of Terraform's says anything about a setting of the bucket."""
    return not made.of(kind) and made.are_all("*") and kind not in beside and not any(resource.of(block))


def _encryption(seen: Differences, name: str, made: Resources, found: BucketFacts, beside: Collection[str]) -> None:
    if found.encryption is None:
        return
    have: Mapping[str, Any] = found.encryption[0] if found.encryption else {}
    real = have.get("ApplyServerSideEncryptionByDefault") or {}
    algorithm, key = str(real.get("SSEAlgorithm") or ""), str(real.get("KMSMasterKeyID") or "")
    rules = [rule for one in made.of(_ENCRYPTION) if one.attributes.get("bucket") == name for rule in one.of("rule")]
    if not made.of(_ENCRYPTION):
        # What S3 does by itself since 2023.
        if made.are_all("*") and _ENCRYPTION not in beside and algorithm not in ("", "AES256"):
            seen.say("encryption", "the default of S3", f"{algorithm} {key}".strip())
        return
    for rule in rules:
        seen.of(
            "encryption.bucket_key_enabled", rule.attributes.get("bucket_key_enabled"), have.get("BucketKeyEnabled")
        )
        for inner in rule.blocks:
            if inner.kind == "apply_server_side_encryption_by_default":
                seen.of("encryption.algorithm", inner.attributes.get("sse_algorithm"), algorithm)
                seen.of("encryption.key", inner.attributes.get("kms_master_key_id"), key)


def log_drift(resource: Resource, found: int) -> list[Drift]:
    """What differs in a log group that exists: how long it keeps the builds' logs."""
    seen = Differences(f"log group {resource.text('name')}")
    if "retention_in_days" in resource.attributes:
        seen.of("retention_in_days", resource.get("retention_in_days"), found)
    return seen.found


def group_drift(resource: Resource, found: Mapping[str, Any]) -> list[Drift]:
    """What differs in the security group of the build machine: rules that let something in."""
    seen = Differences(f"security group {resource.text('name')}")
    if not any(resource.of("ingress")) and "ingress" not in resource.attributes:
        for rule in found.get("IpPermissions") or ():
            sources = [
                each.get("CidrIp") or each.get("CidrIpv6") or ""
                for each in (*rule.get("IpRanges", ()), *rule.get("Ipv6Ranges", ()))
            ]
            ports = f"{rule.get('IpProtocol', '')} {rule.get('FromPort', '')}-{rule.get('ToPort', '')}"
            seen.say("ingress", ABSENT, f"{ports} from {', '.join(sources) or 'a group'}")
    return seen.found
