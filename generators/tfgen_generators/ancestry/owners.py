"""Whose AMIs a filter looks for. The ids are those that the vendors publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Whose = Literal["self", "maybe", "others"]

#: Accounts that publish AMIs for everybody, and the aliases of AWS.
PUBLIC = {
    "amazon": "Amazon",
    "aws-marketplace": "AWS Marketplace",
    "aws-backup-vault": "AWS Backup",
    "microsoft": "Microsoft",
    "013907871322": "SUSE",
    "099720109477": "Canonical",
    "125523088429": "Fedora, CentOS",
    "131827586825": "Oracle Linux",
    "136693071363": "Debian",
    "137112412989": "Amazon",
    "219670896067": "Red Hat (GovCloud)",
    "309956199498": "Red Hat",
    "379101102735": "Debian (before 2020)",
    "410186602215": "CentOS",
    "513442679011": "Canonical (GovCloud)",
    "591542846629": "Amazon ECS",
    "602401143452": "Amazon EKS",
    "647457786197": "Arch Linux",
    "679593333241": "AWS Marketplace",
    "764336703387": "AlmaLinux",
    "782442783595": "FreeBSD",
    "792107900819": "Rocky Linux",
    "801119661308": "Amazon (Windows)",
    "837727238323": "Canonical (China)",
    "841258680906": "Red Hat (China)",
    "902460189751": "Gentoo",
    "075585003325": "Flatcar",
    "595879546273": "CoreOS",
    "427812963091": "NixOS",
    "080565210187": "NixOS (before 2024)",
    "538276064493": "Alpine Linux",
}


def whose(owners: Sequence[str | None]) -> Whose:
    """Whose AMIs `owners` are: our own account's, perhaps ours, or surely others'. None: an owner that is not known.

    No owner at all means everybody's, ours too. Another account's id may well be our own.
    """
    if not owners or None in owners:
        return "maybe"
    if "self" in owners:
        return "self"
    return "others" if all(owner in PUBLIC for owner in owners) else "maybe"


def owners_shown(owners: Sequence[str | None]) -> str:
    """Names of owners for people: `Debian`, `self`, `123456789012`."""
    return ", ".join(dict.fromkeys("?" if owner is None else PUBLIC.get(owner, owner) for owner in owners))
