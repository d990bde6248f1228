"""Lifecycle of a state's lock: each run writes and deletes it, and a bucket with versions keeps every one.

Only old versions expire, never the lock that is held. A bucket has one lifecycle configuration: rules of others are
handed back as they were. Source: S3's PutBucketLifecycleConfiguration (a rule has a Filter, or, in an older form, a
Prefix; one configuration has rules of one form alone).
"""

from __future__ import annotations

from typing import Any

#: Days that an old version of the lock is kept: who held it last week may be asked for.
DAYS = 7
_ID = "tfgen: old versions of "
_LONGEST_ID = 255


def expires_locks(lifecycle: dict[str, Any], lock: str) -> bool:
    """Whether a rule that is on ends old versions of the object `lock`, whoever made it."""
    return any(_ends(rule, lock) for rule in lifecycle.get("Rules", []))


def with_locks_expiring(lifecycle: dict[str, Any], lock: str) -> dict[str, Any]:
    """The arguments of S3's call: the rules that are there, and ours in the place of its older form."""
    own = _id(lock)
    others = [rule for rule in lifecycle.get("Rules", []) if rule.get("ID") != own]
    old_form = any("Prefix" in rule for rule in others)
    rule = {
        "ID": own,
        "Status": "Enabled",
        **({"Prefix": lock} if old_form else {"Filter": {"Prefix": lock}}),
        "NoncurrentVersionExpiration": {"NoncurrentDays": DAYS},
        # Else the mark of the last deletion stays alone.
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    }
    kept = {key: lifecycle[key] for key in ("TransitionDefaultMinimumObjectSize",) if key in lifecycle}
    return {"LifecycleConfiguration": {"Rules": [*others, rule]}, **kept}


def _id(lock: str) -> str:
    return f"{_ID}{lock[-(_LONGEST_ID - len(_ID)) :]}"


def _ends(rule: dict[str, Any], lock: str) -> bool:
    if rule.get("Status") != "Enabled" or "NoncurrentVersionExpiration" not in rule:
        return False
    chosen: dict[str, Any] = rule.get("Filter") or {}
    if set(chosen) - {"Prefix"}:  # by tags or size too: a lock has no tags
        return False
    return lock.startswith(str(chosen.get("Prefix", rule.get("Prefix", ""))))
