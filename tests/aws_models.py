"""botocore reads what it knows of AWS (up to 2 MB of JSON a service) for each session; with this, once a process.

The same holds for the methods of a service's client, hundreds of functions.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: What forked commands talk to, and what every session reads. Not EC2, whose model is as large as all others.
_READ = ("codebuild", "codecommit", "codepipeline", "logs", "s3", "sts")
_FOR_ALL = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def remember() -> None:
    """From now on each file is read once, and the methods of each service are made once."""
    from botocore import useragent
    from botocore.loaders import JSONFileLoader, Loader

    load = functools.cache(JSONFileLoader().load_file)

    def load_file(self: object, file_path: str) -> Any:
        return load(file_path)

    JSONFileLoader.load_file = load_file
    services = functools.cache(Loader().list_available_services)

    def list_available_services(self: object, type_name: str) -> Any:
        return services(type_name)

    Loader.list_available_services = list_available_services
    _keep_methods()
    _keep_names()
    useragent.sanitize_user_agent_string_component = functools.cache(useragent.sanitize_user_agent_string_component)


def _keep_names() -> None:
    """Each session asks for the new names of the same 500 events."""
    from botocore.hooks import EVENT_ALIASES, EventAliaser

    begin = EventAliaser.__init__
    known: dict[str, str] = {}

    def __init__(self: Any, event_emitter: object, event_aliases: object = None) -> None:  # noqa: N807
        begin(self, event_emitter, event_aliases)
        if event_aliases is None or event_aliases == EVENT_ALIASES:
            self._alias_name_cache = known

    EventAliaser.__init__ = __init__


def _keep_methods() -> None:
    from botocore.client import ClientCreator

    create = ClientCreator._create_methods
    made: dict[tuple[str, str], dict[str, Any]] = {}

    def create_methods(self: object, service_model: Any) -> dict[str, Any]:
        key = service_model.service_name, service_model.api_version
        if key not in made:
            made[key] = create(self, service_model)
        return dict(made[key])

    ClientCreator._create_methods = create_methods


def write_part(folder: Path, service: str, version: str, operations: Sequence[str]) -> None:
    """Puts the part of a service's model that these operations need into `folder`, for AWS_DATA_PATH.

    A process that asks EC2 once reads its whole model for 0.3 s. An operation that is not in the part is not known.
    """
    from botocore.loaders import Loader

    whole = Loader().load_service_model(service, "service-2", version)
    kept = {name: whole["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    left: list[Any] = [kept]
    while left:
        piece = left.pop()
        if isinstance(piece, Mapping):
            name = piece.get("shape")
            if isinstance(name, str) and name not in shapes:
                shapes[name] = whole["shapes"][name]
                left.append(shapes[name])
            left.extend(piece.values())
        elif isinstance(piece, list):
            left.extend(piece)
    file = folder / service / version / "service-2.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({**whole, "operations": kept, "shapes": shapes}), encoding="utf-8")


def read() -> None:
    """Reads and makes what most commands need."""
    import boto3
    from botocore.loaders import create_loader

    loader = create_loader()
    for name in _FOR_ALL:
        loader.load_data(name)
    for service in _READ:
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")
        boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
