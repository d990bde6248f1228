"""The user's own AWS: whose account, which region, and calls whose errors are one line.

Profile, environment, files and AWS_ENDPOINT_URL count as they do for every AWS tool.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from tfgen.aws.failures import SILENT, AwsError, Who, explained, no_answer
from tfgen_generators.errors import UsageError

_MAKING = Lock()


class Account:
    """The account that the user is signed in to, in one region. Every call raises AwsError."""

    id: str
    #: aws, aws-cn, aws-us-gov: the second word of every ARN.
    partition: str
    #: The whole answer of STS, with its headers: AWS's clock among them.
    identity: dict[str, Any]

    def __init__(self, who: Who, session: Any, *, threads: int = 1, like: Account | None = None) -> None:
        """`threads` call at the same time; `like` is the same account elsewhere, so that AWS need not be asked."""
        self.who, self._session, self._threads = who, session, threads
        self._lost: dict[str, AwsError] = {}
        self._client: Callable[[str], Any] = cache(self._made)
        if like is not None:
            self.id, self.partition, self.identity = like.id, like.partition, like.identity
            return
        self.identity = identity = self.call("sts", "get_caller_identity")
        arn = str(identity.get("Arn") or "").split(":")
        if not identity.get("Account") or len(arn) < 2:
            raise no_answer("sts get_caller_identity", who)
        self.id, self.partition = str(identity["Account"]), arn[1]

    @property
    def region(self) -> str:
        return self.who.region

    def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]:
        """One operation, by its name in boto3."""
        with self._lost_once(service), explained(self.who, service, operation):
            answer: dict[str, Any] = getattr(self._client(service), operation)(**arguments)
            return answer

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]:
        """What stands under `key` in all pages of an operation's answer, as they come."""
        with self._lost_once(service), explained(self.who, service, operation):
            for page in self._client(service).get_paginator(operation).paginate(**arguments):
                yield from page.get(key, [])

    @contextmanager
    def _lost_once(self, service: str) -> Iterator[None]:
        """Of many calls to a service that does not answer, those that have begun alone wait for it."""
        if service in self._lost:
            raise self._lost[service]
        try:
            yield
        except AwsError as error:
            if self._threads > 1 and error.code in SILENT:
                self._lost[service] = error
            raise

    def prepare(self, *services: str) -> None:
        """Makes the clients: boto3 makes none in two threads at once, but each may then be used in many."""
        for service in services:
            with explained(self.who, service, "client"):
                self._client(service)

    def wait(self, service: str, waiter: str, **arguments: object) -> None:
        """Until what `waiter` waits for is so."""
        with explained(self.who, service, waiter):
            self._client(service).get_waiter(waiter).wait(**arguments)

    def _made(self, service: str) -> Any:
        from botocore import __version__
        from botocore.config import Config

        many = self._threads > 1
        config = Config(
            connect_timeout=10,
            read_timeout=20 if many else 60,
            max_pool_connections=max(10, self._threads),
            # Of thousands of calls these two take a sixth.
            parameter_validation=not many,
            user_agent=f"tfgen Botocore/{__version__}" if many else None,
            retries={"mode": "adaptive" if many else "standard", "total_max_attempts": _attempts()},
        )
        with _MAKING:  # boto3's sessions are not for several threads, its clients are
            return self._session.client(service, region_name=self.region, config=config)


def open_account(region: str | None, *, threads: int = 1) -> Account:
    """The user's account in `region`, else in that of AWS_REGION, AWS_DEFAULT_REGION or the profile.

    With `threads` that many may ask at once; they slow down together when AWS says that it is too much.
    Raises UsageError when there is none, AwsError when AWS cannot be asked.
    """
    import boto3

    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    with explained(Who(profile=profile, region=region or ""), "", "session"):
        session: Any = boto3.session.Session()
        # boto3 itself does not know AWS_REGION, which Terraform and the AWS CLI take first.
        found = region or os.environ.get("AWS_REGION") or session.region_name
        credentials = session.get_credentials()
    if not found:
        raise UsageError("AWS region not set", fix="use --region, or set AWS_REGION")
    keys = credentials is not None and credentials.method == "env"
    return Account(Who(profile=profile or str(session.profile_name), region=found, keys=keys), session, threads=threads)


def _attempts() -> int:
    """The user's AWS_MAX_ATTEMPTS, as far as it is a number."""
    wanted = os.environ.get("AWS_MAX_ATTEMPTS", "")
    return max(1, int(wanted)) if wanted.isdigit() else 5
