"""Errors of AWS for services that moto does not have."""

from __future__ import annotations

from functools import cache
from typing import Any


def refusal(code: str, message: str) -> Exception:
    """The error with that code, to be raised: HTTP 400, or what botocore's model says of it."""
    made: Exception = _class()(code, message)
    return made


@cache
def _class() -> Any:
    from moto.core.exceptions import ServiceException

    class Refusal(ServiceException):
        """moto looks for a service in the module of an error, and its own has none."""

    return Refusal
