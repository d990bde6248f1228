"""Real boto3 clients whose calls are answered by a test: paginators and their tokens are botocore's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

#: The operation by its name in boto3, and its arguments.
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


def client_of(service: str, answer: Answer) -> Any:
    """The client of a service, answered by `answer` from now on."""
    from botocore import xform_name

    client = _client(service)
    client._make_api_call = lambda operation, arguments: answer(xform_name(operation), arguments)
    return client


@cache
def _client(service: str) -> Any:
    import boto3

    return boto3.session.Session(aws_access_key_id="test", aws_secret_access_key="test").client(
        service, region_name="eu-west-1"
    )
