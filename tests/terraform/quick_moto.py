"""What moto finds out anew for every request, though it is always the same: here it is kept.

Which operations a service has, and what an attribute of an answer may be called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest


class _Methods:
    """The names of a class's methods, without a list of them."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __contains__(self, name: str) -> bool:
        return inspect.isfunction(getattr(self._owner, name, None))


def use(patch: pytest.MonkeyPatch) -> None:
    """Until `patch` is undone."""
    from moto.core import responses, serialize

    patch.setattr(responses, "method_names_from_class", _Methods)
    for picker in (serialize.AttributePicker, serialize.XFormedAttributePicker):
        patch.setattr(picker, "get_possible_keys", _remembering(picker.get_possible_keys))


def _remembering(find: Callable[[Any, Any], Iterator[str]]) -> Callable[[Any, Any], tuple[str, ...]]:
    """They depend on the classes, the shape and the key, not on the object that has the attribute."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def get_possible_keys(self: Any, context: Any) -> tuple[str, ...]:
        at = (*self.alias_providers, type(context.obj), context.shape, context.key)
        found = known.get(at)
        if found is None:
            found = known[at] = tuple(find(self, context))
        return found

    return get_possible_keys
