"""botocore reads what it knows of AWS (up to 2 MB of JSON a service) for each session; with this, once a process."""

from __future__ import annotations

import functools
from typing import Any

#: What commands talk to, and what every session reads.
_READ = ("codebuild", "codecommit", "codepipeline", "ec2", "logs", "s3", "sts")
_FOR_ALL = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def remember() -> None:
    """From now on each file is read once."""
    from botocore.loaders import JSONFileLoader, Loader

    load = functools.cache(JSONFileLoader().load_file)

    def load_file(self: object, file_path: str) -> Any:
        return load(file_path)

    JSONFileLoader.load_file = load_file
    services = functools.cache(Loader().list_available_services)

    def list_available_services(self: object, type_name: str) -> Any:
        return services(type_name)

    Loader.list_available_services = list_available_services


def read() -> None:
    """Reads what most commands need."""
    from botocore.loaders import create_loader

    loader = create_loader()
    for name in _FOR_ALL:
        loader.load_data(name)
    for service in _READ:
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")
