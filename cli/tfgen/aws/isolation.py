"""Keeping the user's AWS settings away from code of others that runs in this process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXES = ("AWS_", "BOTO_", "MOTO_")
_PRIVATE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "BOTO_CONFIG": os.devnull,
}


@contextmanager
def private_aws() -> Iterator[None]:
    """Hide the user's AWS variables, profiles and home files from boto3 in this process; undone at the end.

    It changes `os.environ` of the process, so nothing may rely on the user's AWS settings meanwhile.
    """
    from botocore.loaders import Loader

    hidden = {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}
    models: str = Loader.CUSTOMER_DATA_PATH
    for name in hidden:
        del os.environ[name]
    os.environ.update(_PRIVATE)
    Loader.CUSTOMER_DATA_PATH = os.devnull
    try:
        yield
    finally:
        Loader.CUSTOMER_DATA_PATH = models
        for name in _PRIVATE:
            os.environ.pop(name, None)
        os.environ.update(hidden)
