"""An AMI of the account. All text is AWS's or a person's: data, not ours.

Source: EC2's API reference (Image), docs/images.md (the tags that the buildspec sets).
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

#: The id of an AMI in a text: of eight signs before 2016, of 17 since.
AMI_ID = re.compile(r"(?<![0-9A-Za-z-])ami-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![0-9A-Za-z])")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of an AMI, by its block device. `volume_gb` is its volume's size: at most that much is kept."""

    id: str
    device: str = ""
    volume_gb: int = 0
    encrypted: bool = False
    kms_key: str = ""


class OwnedImage(msgspec.Struct, frozen=True, kw_only=True):
    """One AMI in one region. Times are aware, in UTC; None: not set, or not told by this partition."""

    id: str
    name: str
    region: str
    account: str
    state: str
    created: datetime
    architecture: str = "x86_64"
    tags: dict[str, str] = {}
    snapshots: tuple[Snapshot, ...] = ()
    source_id: str = ""
    source_region: str = ""
    public: bool = False
    deprecated_at: datetime | None = None
    last_launched: datetime | None = None
    protection: str = ""

    @property
    def template(self) -> str:
        """The template that the buildspec says it was built from; "" where no pipeline of ours made it."""
        return self.tags.get("Template", "")

    @property
    def commit(self) -> str:
        """The commit that it was built from, "" where it is not known; ends with -dirty after a local build."""
        return {"none": ""}.get(value := self.tags.get("SourceVersion", ""), value)

    @property
    def build(self) -> str:
        """CodeBuild's id of its build, PROJECT:ID."""
        return {"none": ""}.get(value := self.tags.get("CodeBuildProject", ""), value)

    @property
    def parent(self) -> str:
        """The id of the AMI that its instance was started from."""
        return {"none": ""}.get(value := self.tags.get("ParentAmi", ""), value)
