"""What a bucket with state in it must have: is it so, and how it is made so. Nothing that is there is removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tfgen.aws.state_bucket.locks import expires_locks, with_locks_expiring
from tfgen.aws.state_bucket.policy import is_tls_only, with_tls_only

TAG = ("ManagedBy", "tfgen")
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Bucket(Protocol):
    """What is asked of a bucket here; every call raises AwsError."""

    @property
    def arn(self) -> str: ...
    @property
    def lock(self) -> str: ...
    def call(self, operation: str, **arguments: object) -> dict[str, Any]: ...
    def setting(self, operation: str, absent: str) -> dict[str, Any]: ...
    def tags(self) -> dict[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One thing that the bucket must have: is it so, and how it is made so.

    `needed`: without it, no state is put into a bucket that tfgen may not configure.
    """

    name: str
    is_made: Callable[[Bucket], bool]
    make: Callable[[Bucket], object]
    needed: bool = True


def _is_tagged(bucket: Bucket) -> bool:
    return TAG[0] in bucket.tags()


def _tag(bucket: Bucket) -> None:
    tags = bucket.tags() | dict([TAG])
    bucket.call("put_bucket_tagging", Tagging={"TagSet": [{"Key": key, "Value": tags[key]} for key in tags]})


def _is_private(bucket: Bucket) -> bool:
    answer = bucket.setting("get_public_access_block", "NoSuchPublicAccessBlockConfiguration")
    blocks = answer.get("PublicAccessBlockConfiguration", {})
    return all(blocks.get(name) is True for name in _BLOCKS)


def _make_private(bucket: Bucket) -> None:
    bucket.call("put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKS, True))


def _has_no_acls(bucket: Bucket) -> bool:
    answer = bucket.setting("get_bucket_ownership_controls", "OwnershipControlsNotFoundError")
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    return any(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules)


def _end_acls(bucket: Bucket) -> None:
    bucket.call(
        "put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )


def _is_versioned(bucket: Bucket) -> bool:
    return bool(bucket.call("get_bucket_versioning").get("Status") == "Enabled")


def _version(bucket: Bucket) -> None:
    bucket.call("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"})


def encryption_rules(bucket: Bucket) -> list[dict[str, Any]]:
    """What new objects are encrypted with; [] when nothing says it."""
    answer = bucket.setting("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
    rules: list[dict[str, Any]] = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    return rules


def _is_encrypted(bucket: Bucket) -> bool:
    return bool(encryption_rules(bucket))


def _encrypt(bucket: Bucket) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    bucket.call("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def _policy(bucket: Bucket) -> dict[str, Any]:
    text = bucket.setting("get_bucket_policy", "NoSuchBucketPolicy").get("Policy", "")
    policy: object = json.loads(text) if text else {}
    return policy if isinstance(policy, dict) else {}


def _needs_tls(bucket: Bucket) -> bool:
    return is_tls_only(_policy(bucket), bucket.arn)


def _need_tls(bucket: Bucket) -> None:
    bucket.call("put_bucket_policy", Policy=json.dumps(with_tls_only(_policy(bucket), bucket.arn)))


def _lifecycle(bucket: Bucket) -> dict[str, Any]:
    return bucket.setting("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration")


def _locks_expire(bucket: Bucket) -> bool:
    return expires_locks(_lifecycle(bucket), bucket.lock)


def _expire_locks(bucket: Bucket) -> None:
    bucket.call("put_bucket_lifecycle_configuration", **with_locks_expiring(_lifecycle(bucket), bucket.lock))


#: In the order in which they are made. The tag first: after a crash the next run knows whose bucket this is.
SETTINGS = (
    Setting(name="tag ManagedBy = tfgen", is_made=_is_tagged, make=_tag, needed=False),
    Setting(name="public access blocked", is_made=_is_private, make=_make_private),
    Setting(name="ACLs off (BucketOwnerEnforced)", is_made=_has_no_acls, make=_end_acls),
    Setting(name="versioning on", is_made=_is_versioned, make=_version),
    Setting(name="encryption on (AES256)", is_made=_is_encrypted, make=_encrypt),
    Setting(name="TLS only", is_made=_needs_tls, make=_need_tls),
    Setting(name="old versions of the lock expire", is_made=_locks_expire, make=_expire_locks, needed=False),
)
