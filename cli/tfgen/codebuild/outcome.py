"""What became of the build of one image, here or on AWS; and what a person may set of a local one."""

from __future__ import annotations

import msgspec


class BuildOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """`name` as sync knows it; `reason` says why it failed; `log` and `artifacts` are paths or addresses."""

    name: str
    succeeded: bool
    reason: str = ""
    ami_id: str = ""
    region: str = ""
    seconds: float = 0.0
    build_id: str = ""
    log: str = ""
    artifacts: str = ""


class LocalOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`environment` wins over every other variable of the build; `keep` leaves the copy of the source where it is."""

    environment: dict[str, str] = {}
    timeout_minutes: int = 60
    keep: bool = False
    region: str = ""
