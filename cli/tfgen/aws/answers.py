"""Answers of which only some fields are read: botocore makes a value of every field that its model of the service has.

For 8,000 versions of launch templates that is a second of CPU, most of it for times that nobody looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def take_only(client: Any, operation: str, wanted: Mapping[str, Sequence[str]]) -> None:
    """Leaves only the `wanted` members (by the name of their shape) in what `client` makes of an operation's answers.

    A botocore that keeps its model otherwise makes all of it, as before.
    """
    from botocore.model import ShapeResolver

    try:
        service = client.meta.service_model
        shapes = dict(service._service_description["shapes"])
        for name, members in wanted.items():
            known = shapes[name]["members"]
            shapes[name] = {**shapes[name], "members": {member: known[member] for member in members}}
        model = service.operation_model(operation)
        model.output_shape = ShapeResolver(shapes).get_shape_by_name(model.output_shape.name)
    except (AttributeError, KeyError, TypeError):
        return
