"""The S3 bucket that holds Terraform's state: made, completed, and never touched when it is not ours to configure.

Every call names the account that must own the bucket (ExpectedBucketOwner), and every setting is read back after it
has been made. Nothing that is there is removed: settings are added alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen.aws.state_bucket.settings import SETTINGS, TAG, Setting, encryption_rules
from tfgen_generators.errors import RefusedError, TfgenError, UsageError

#: S3 may tell of a new setting a little later: tries, and seconds between them.
_TRIES, _PAUSE = 5, 1.0
_FIRST_REGION = "us-east-1"  # the one that has no LocationConstraint
_OLD_NAMES = {"": _FIRST_REGION, "EU": "eu-west-1"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A bucket of this account. `others` are some of its objects that are no state of ours; `missing`, settings."""

    tags: Mapping[str, str]
    others: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether tfgen may configure it unasked."""
        manager = self.tags.get(TAG[0])
        return manager == TAG[1] or (manager is None and not self.others)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What a state needs and this bucket does not have."""
        return tuple(setting.name for setting in SETTINGS if setting.needed and setting.name in self.missing)


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """What the bucket encrypts new objects with. `key` is "" for S3's own keys, and for the account's default key."""

    is_kms: bool
    key: str = ""


class StateBucket:
    """One bucket by name, as the user's account sees it. Every method raises AwsError."""

    def __init__(self, account: Account, name: str, key: str) -> None:
        self.account, self.name, self.key = account, name, key

    @property
    def arn(self) -> str:
        return f"arn:{self.account.partition}:s3:::{self.name}"

    @property
    def lock(self) -> str:
        """The key of the state's lock, with `use_lockfile`."""
        return f"{self.key}.tflock"

    def find(self) -> Found | None:
        """The bucket as it is; None when there is none of that name anywhere.

        Raises RefusedError when it is another account's, or in another region.
        """
        try:
            self._call("head_bucket")
        except AwsError as error:
            if error.status == 404:
                return None
            if error.status in (301, 403):
                raise self._not_ours(error) from None
            raise
        self._check_region()
        missing = tuple(setting.name for setting in SETTINGS if not setting.is_made(self))
        return Found(tags=self.tags(), others=self._others(), missing=missing)

    def create(self) -> None:
        """Makes it, empty. Raises RefusedError when somebody else has the name."""
        where: dict[str, object] = {}
        if self.account.region != _FIRST_REGION:
            where["CreateBucketConfiguration"] = {"LocationConstraint": self.account.region}
        try:
            self.account.call("s3", "create_bucket", Bucket=self.name, **where)
        except AwsError as error:
            if error.code == "BucketAlreadyOwnedByYou":  # another tfgen was faster, or an answer was lost
                return
            if error.code == "BucketAlreadyExists":
                raise self._not_ours(error) from None
            raise
        self.account.wait("s3", "bucket_exists", Bucket=self.name, ExpectedBucketOwner=self.account.id)

    def complete(self, say: Callable[[str], None], *, tagged: bool) -> None:
        """Adds every setting that is missing and says each; the tag only when `tagged`."""
        for setting in SETTINGS if tagged else SETTINGS[1:]:
            if not setting.is_made(self):
                setting.make(self)
                self._read_back(setting)
                say(setting.name)

    def encryption(self) -> Encryption:
        """What new objects are encrypted with."""
        rules = encryption_rules(self)
        default: dict[str, Any] = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
        is_kms = str(default.get("SSEAlgorithm", "")).startswith("aws:kms")
        return Encryption(is_kms=is_kms, key=str(default.get("KMSMasterKeyID", "")) if is_kms else "")

    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {
            tag["Key"]: tag["Value"] for tag in self.setting("get_bucket_tagging", "NoSuchTagSet").get("TagSet", ())
        }

    def state(self) -> bytes | None:
        """The state that the bucket holds; None when there is none."""
        answer = self._call_or_none("get_object", "NoSuchKey", Key=self.key)
        if answer is None:
            return None
        try:
            data: bytes = answer["Body"].read()
        except Exception as error:  # noqa: BLE001 urllib3 has many names for a connection that breaks
            raise AwsError(f"the state could not be read from {self.name}: {error}", code="Body") from None
        return data

    def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """One operation on this bucket, as long as this account owns it."""
        return self._call(operation, **arguments)

    def setting(self, operation: str, absent: str) -> dict[str, Any]:
        """A part of the configuration; {} when AWS says `absent`."""
        return self._call_or_none(operation, absent) or {}

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        return self.account.call("s3", operation, Bucket=self.name, ExpectedBucketOwner=self.account.id, **arguments)

    def _call_or_none(self, operation: str, absent: str, **arguments: object) -> dict[str, Any] | None:
        try:
            return self._call(operation, **arguments)
        except AwsError as error:
            if error.code == absent:
                return None
            raise

    def _check_region(self) -> None:
        location = str(self._call("get_bucket_location").get("LocationConstraint") or "")
        region = _OLD_NAMES.get(location, location)
        if region != self.account.region:
            raise RefusedError(
                f"the bucket {self.name} is in {region}, not in {self.account.region}",
                fix=f"use --region {region}, or another --bucket",
            )

    def _others(self) -> tuple[str, ...]:
        """Some keys that are neither our state, nor its lock, nor that of a workspace."""
        keys = [item["Key"] for item in self._call("list_objects_v2", MaxKeys=100).get("Contents", ())]
        return tuple(key for key in keys if key.removesuffix(".tflock") != self.key and not self._is_workspaces(key))

    def _is_workspaces(self, key: str) -> bool:
        return key.startswith("env:/") and key.removesuffix(".tflock").endswith(f"/{self.key}")

    def _read_back(self, setting: Setting) -> None:
        for number in range(_TRIES):
            if setting.is_made(self):
                return
            if number + 1 < _TRIES:
                time.sleep(_PAUSE)
        raise TfgenError(f"AWS accepted {setting.name!r} for {self.name}, but it is not set", fix="run this again")

    def _not_ours(self, error: AwsError) -> RefusedError:
        return RefusedError(
            f"the bucket {self.name} does not belong to account {self.account.id}, or is not accessible"
            f" with {self.account.who} (AWS error: {error.code})",
            fix="use another --bucket, or sign in to the account that owns it",
        )


def check_bucket_name(name: str) -> None:
    """Raises UsageError for a name that AWS would refuse, or that breaks TLS."""
    from tfgen_generators.pipeline.aws_names import name_error

    if reason := name_error("artefact_bucket_name", name):
        said = reason.removeprefix(f"would be {name!r}, but ")
        raise UsageError(f"--bucket {name!r}: {said}", fix="use another name")
