"""boto3 clients, typed as far as boto3 lets them be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol, cast


class Operation(Protocol):
    """One operation of a service: keyword arguments in, the answer's document out."""

    def __call__(self, **arguments: Any) -> dict[str, Any]: ...


class Paginator(Protocol):
    """All pages of an operation's answer."""

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]: ...


class AwsClient(Protocol):
    """What tfgen uses of a boto3 client: operations by name."""

    def get_paginator(self, operation: str) -> Paginator: ...

    def __getattr__(self, operation: str) -> Operation: ...


def client(
    service: str,
    *,
    region: str,
    endpoint_url: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
) -> AwsClient:
    """Make a client for `service`.

    Without `endpoint_url` it is the user's own AWS: profile, environment and files count as usual. With one
    it reads no AWS variable, profile, proxy or home file, and signs with the given keys or with test/test.
    """
    if endpoint_url is None:
        return _users_client(service, region, access_key, secret_key)
    return _private_client(service, region, endpoint_url, access_key or "test", secret_key or "test")


def _users_client(service: str, region: str, access_key: str | None, secret_key: str | None) -> AwsClient:
    import boto3

    # Any: with boto3's stubs installed, its hundreds of overloads take no service that is a variable.
    session: Any = boto3.session.Session(
        aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region
    )
    return cast("AwsClient", session.client(service))


def _private_client(service: str, region: str, endpoint_url: str, access_key: str, secret_key: str) -> AwsClient:
    from botocore.config import Config

    made = _private_session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        # True, not None: None makes botocore look for a CA bundle in the environment.
        verify=True,
        # {}, not None: None makes it look for proxies there. Paths, because no bucket has a host name here.
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 3}),
    )
    return cast("AwsClient", made)


@cache
def _private_session() -> Any:
    """Make a botocore session whose every setting has botocore's default: no variable, no file.

    Kept: it holds only botocore's own data, which take longer to read than a client takes to make.
    """
    from botocore.loaders import Loader
    from botocore.session import Session

    variables: dict[str, tuple[None, None, Any, Any]] = {
        name: (None, None, default, convert) for name, (_, _, default, convert) in Session.SESSION_VARIABLES.items()
    }
    for file in ("config_file", "credentials_file"):
        variables[file] = (None, None, os.devnull, None)
    session = Session(session_vars=variables)
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session
