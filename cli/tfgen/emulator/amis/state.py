"""What the emulator keeps of an account in a region beside moto, and what a test sets of how AWS behaves there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(kw_only=True)
class Binned:
    """An AMI or a snapshot in the Recycle Bin, from when to when."""

    resource: Any
    entered: datetime
    leaves: datetime


@dataclass(kw_only=True)
class State:
    """Kept at moto's EC2 backend of the account and region: a reset of moto forgets it."""

    #: How late AWS tells that an AMI was launched.
    launch_delay: timedelta = timedelta(hours=24)
    #: The state that a copy of an AMI has from its beginning: available, pending or failed.
    copies: str = "available"
    #: The code of the error that CopyImage answers with.
    copy_error: str = ""
    #: The status of a new rule of the bin: the first one of an account is pending for up to 30 minutes.
    rule_status: str = "available"
    #: Whether what comes back from the Recycle Bin is shared as before.
    bin_keeps_permissions: bool = False
    #: AMIs by the client token of their copy.
    tokens: dict[str, str] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    bin: dict[str, Binned] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    allowed: dict[str, Any] = field(default_factory=lambda: {"State": "disabled", "ImageCriteria": []})
    refreshes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: What Image Builder has, by ARN.
    builder: dict[str, dict[str, Any]] = field(default_factory=dict)


def of(backend: Any) -> State:
    """The state beside `backend`, moto's EC2 of one account and region."""
    found = backend.__dict__.setdefault("tfgen_state", State())
    assert isinstance(found, State)  # noqa: S101 for mypy
    return found


def at(account: str, region: str) -> State:
    """The state of an account in a region, for a test to set."""
    from moto.ec2.models import ec2_backends

    return of(ec2_backends[account][region])
