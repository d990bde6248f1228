"""Requests and answers held against botocore's model of AWS: for fakes that are to be peers of the real API."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any


@functools.cache
def _operation(service: str, operation: str) -> Any:
    from botocore import xform_name
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    model = ServiceModel(create_loader().load_service_model(service, "service-2"))
    return model.operation_model(next(name for name in model.operation_names if xform_name(name) == operation))


def check_request(service: str, operation: str, arguments: Mapping[str, Any]) -> None:
    """The arguments are those that AWS knows, and none is missing."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(dict(arguments), _operation(service, operation).input_shape)
    assert not report.has_errors(), report.generate_report()


def check_answer(service: str, operation: str, answer: Any) -> None:
    """Each member of the answer is one that AWS's has, of its type, with one of its values."""
    _check(_operation(service, operation).output_shape, answer, operation)


def _check(shape: Any, value: Any, where: str) -> None:
    kind = shape.type_name
    if kind == "structure":
        for name, each in value.items():
            assert name in shape.members, f"{where}: AWS's answer has no {name}"
            _check(shape.members[name], each, f"{where}.{name}")
    elif kind == "list":
        for each in value:
            _check(shape.member, each, where)
    elif kind == "map":
        for each in value.values():
            _check(shape.value, each, where)
    elif kind == "timestamp":
        assert isinstance(value, datetime), where
    elif kind == "string":
        assert isinstance(value, str), where
        allowed = getattr(shape, "enum", None)
        assert not allowed or value in allowed, f"{where}: {value!r} is not one of {allowed}"
