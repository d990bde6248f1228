"""Accounts by profile and by role, for commands that look at several at once.

Calls are tried again as botocore's mode "adaptive" does it, which slows down when AWS says that they are too many. The
session is botocore's own: boto3 reads a good deal more that nothing here needs.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from tfgen.aws.answers import Answers
from tfgen.aws.failures import Who, explained
from tfgen.aws.models import Files
from tfgen.aws.session import Account
from tfgen_generators.errors import UsageError

#: What sts:AssumeRole writes into CloudTrail.
_SESSION = "tfgen"
#: Connections that one client keeps open: calls are made by so many threads.
THREADS = 8


class SignedIn:
    """One account, asked in several regions: who it is, it is asked once."""

    def __init__(self, *, profile: str = "", role_arn: str = "", region: str = "", threads: int = THREADS) -> None:
        """Raises UsageError where no region is known, AwsError when AWS cannot be asked."""
        who, session = _found(profile, region)
        if role_arn:
            session = _as_role(who, session, role_arn)
            who = Who(profile=role_arn, region=who.region)
        self._session, self._threads = session, threads
        self._first = Account(who, session, threads=threads)
        self.region, self.id, self.partition = who.region, self._first.id, self._first.partition

    def in_region(self, region: str) -> Account:
        """The same account in another region; asks nothing."""
        who = self._first.who
        if region == who.region:
            return self._first
        other = Who(profile=who.profile, region=region, keys=who.keys)
        return Account(other, self._session, threads=self._threads, like=self._first)


def own_region() -> str:
    """The region in use; asks nothing. Raises UsageError without one, AwsError."""
    who, _ = _found("", "")
    return who.region


class _Session:
    """botocore's session, which makes clients as boto3's does."""

    def __init__(self, session: Any) -> None:
        self.core = session
        # botocore's own takes the local time zone into account for each time, a fifth of a call.
        answers = Answers(session.get_component("response_parser_factory"), _time)
        session.register_component("response_parser_factory", answers)
        loader = session.get_component("data_loader")
        loader.file_loader = Files(loader.file_loader)

    def client(self, service: str, *, region_name: str, config: Any = None) -> Any:
        return self.core.create_client(service, region_name=region_name, config=config)


def _time(value: object) -> datetime:
    """A time in UTC; those of JSON are numbers. Raises ValueError."""
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(f"{value} is no time: {error}") from None
    from botocore.utils import parse_timestamp

    found: datetime = parse_timestamp(value)
    return found


def _found(profile: str, region: str) -> tuple[Who, _Session]:
    """The session of `profile` ("": the one in use) and whose it is."""
    import botocore.session

    named = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    with explained(Who(profile=named, region=region), "", "session"):
        session = botocore.session.Session(profile=named or None)
        # botocore itself does not know AWS_REGION, which Terraform and the AWS CLI take first.
        found = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        credentials = session.get_credentials()
    if not found:
        raise UsageError("AWS region not set", fix="use --region, or set AWS_REGION")
    keys = credentials is not None and credentials.method == "env"
    return Who(profile=named or "default", region=str(found), keys=keys), _Session(session)


def _as_role(who: Who, session: _Session, role_arn: str) -> _Session:
    import botocore.session

    with explained(who, "sts", "assume_role"):
        sts = session.client("sts", region_name=who.region)
        given = sts.assume_role(RoleArn=role_arn, RoleSessionName=_SESSION)["Credentials"]
        assumed = botocore.session.Session()
        assumed.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return _Session(assumed)
