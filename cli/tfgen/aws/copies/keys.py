"""Whether accounts can use the KMS key of an AMI's snapshots: without it they cannot start the AMI.

Source: EC2 user guide, "Use encryption with EBS-backed AMIs", and KMS's, "Allowing users in other accounts to use a
KMS key". A key policy is read as far as it names accounts; conditions are not evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tfgen.aws.failures import AwsError, is_denied

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.session import Account

#: What an account needs to start an instance from an encrypted snapshot.
NEEDED = ("kms:Decrypt", "kms:CreateGrant")
_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:(?:iam|sts)::)?(\d{12})(?::.*)?")


def keys_of(account: Account, image: OwnedImage) -> list[str]:
    """The keys of the AMI's encrypted snapshots."""
    ids = [one.id for one in image.snapshots if one.id]
    if not ids:
        return []
    found = account.pages("ec2", "describe_snapshots", "Snapshots", SnapshotIds=ids)
    keys = [str(one.get("KmsKeyId", "")) for one in found if one.get("Encrypted")]
    return [key for key in dict.fromkeys(keys) if key]


def why_unusable(account: Account, key: str, accounts: Sequence[str], *, shared: bool) -> tuple[str, str]:
    """Why the key keeps an AMI from being started, "" when it does not; and what could not be checked."""
    try:
        found = account.call("kms", "describe_key", KeyId=key)["KeyMetadata"]
    except AwsError as error:
        if error.code == "NotFoundException":
            return f"key {key} not found in {account.region}", ""
        if is_denied(error) and not shared:
            return "", f"key {key} may not be looked at: whether it is enabled is not known"
        raise
    if shared and (found.get("KeyManager") == "AWS" or key.rpartition(":")[2].startswith("alias/aws/")):
        return f"{key} is the key that AWS manages: other accounts cannot use it", ""
    if found.get("KeyState", "Enabled") != "Enabled":
        return f"key {key} is {found['KeyState']}", ""
    others = [one for one in accounts if one != account.id]
    return _not_allowed(account, str(found.get("Arn", key)), others) if others else ("", "")


def _not_allowed(account: Account, key: str, accounts: Sequence[str]) -> tuple[str, str]:
    try:
        policy = str(account.call("kms", "get_key_policy", KeyId=key, PolicyName="default")["Policy"])
        lacking = [one for one in accounts if not allows(policy, one)]
        granted = _granted(account, key) if lacking else frozenset[str]()
    except AwsError as error:
        if is_denied(error):
            return (
                "",
                f"the policy of {key} may not be read here: whether {', '.join(accounts)} can use it is not known",
            )
        raise
    lacking = [one for one in lacking if one not in granted]
    if lacking:
        return f"the policy of key {key} does not let {', '.join(lacking)} use it ({', '.join(NEEDED)})", ""
    return "", ""


def allows(policy: str, account: str) -> bool:
    """Whether a key policy names `account`, or everybody, for what starting an instance needs."""
    try:
        statements = json.loads(policy).get("Statement", [])
    except (ValueError, AttributeError):
        return False
    statements = statements if isinstance(statements, list) else [statements]
    actions = [action for one in statements if _is_for(one, account) for action in _listed(one.get("Action"))]
    return all(any(fnmatchcase(wanted.lower(), action.lower()) for action in actions) for wanted in NEEDED)


def _is_for(statement: dict[str, Any], account: str) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", {})
    named = _listed(principal.get("AWS") if isinstance(principal, dict) else principal)
    return any(one == "*" or _account(one) == account for one in named)


def _account(principal: str) -> str:
    match = _ACCOUNT.fullmatch(principal)
    return match[1] if match else ""


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _granted(account: Account, key: str) -> frozenset[str]:
    return frozenset(_accounts(account, key))


def _accounts(account: Account, key: str) -> Iterator[str]:
    for grant in account.pages("kms", "list_grants", "Grants", KeyId=key):
        if "Decrypt" in grant.get("Operations", ()):
            yield _account(str(grant.get("GranteePrincipal", "")))
