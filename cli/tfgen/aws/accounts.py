"""Accounts by profile and by role, for commands that look at several at once.

Calls are tried again as botocore's mode "adaptive" does it, which slows down when AWS says that they are too many.
"""

from __future__ import annotations

from typing import Any

from tfgen.aws.failures import Who, explained
from tfgen.aws.session import Account, found_session

#: What sts:AssumeRole writes into CloudTrail.
_SESSION = "tfgen"
#: Connections that one client keeps open: calls are made by so many threads.
THREADS = 16


class SignedIn:
    """One account, asked in several regions: who it is, it is asked once."""

    def __init__(self, *, profile: str = "", role_arn: str = "", region: str = "") -> None:
        """Raises UsageError where no region is known, AwsError when AWS cannot be asked."""
        who, session = found_session(region or None, profile)
        if role_arn:
            session = _as_role(who, session, role_arn)
            who = Who(profile=role_arn, region=who.region)
        self._session = session
        self._first = Account(who, session, threads=THREADS)
        self.region, self.id, self.partition = who.region, self._first.id, self._first.partition

    def in_region(self, region: str) -> Account:
        """The same account in another region; asks nothing."""
        who = self._first.who
        if region == who.region:
            return self._first
        other = Who(profile=who.profile, region=region, keys=who.keys)
        return Account(other, self._session, threads=THREADS, like=self._first)


def _as_role(who: Who, session: Any, role_arn: str) -> Any:
    import boto3

    with explained(who, "sts", "assume_role"):
        sts = session.client("sts", region_name=who.region)
        given = sts.assume_role(RoleArn=role_arn, RoleSessionName=_SESSION)["Credentials"]
        return boto3.session.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=who.region,
        )
