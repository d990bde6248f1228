"""What Terraform would change, as differences: the file wants what a plan would make, and AWS has what stood before."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfgen.status.drift.compare.differences import ABSENT, HIDDEN, Differences, as_text, is_secret
from tfgen.status.model import Drift
from tfgen.terraform.reports.plan import SHARED, image_of

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

_UNTOUCHED = frozenset({"no-op", "read"})
_KNOWN_LATER = "(known after apply)"


def planned_drift(workspace: Workspace) -> dict[str, list[Drift]]:
    """By image, "" is what belongs to none. Raises TfgenError."""
    from tfgen.plan.make import plan_document

    document, shared = plan_document(workspace)
    return drift_of(document, shared)


def drift_of(document: Mapping[str, Any], shared: Collection[str]) -> dict[str, list[Drift]]:
    """The differences in the document of a plan."""
    found: dict[str, list[Drift]] = {}
    for each in document.get("resource_changes") or ():
        change = each.get("change") or {}
        actions = frozenset(change.get("actions") or ())
        address = str(each.get("address", ""))
        if not actions or actions <= _UNTOUCHED:
            continue
        image = image_of(address, shared)
        seen = Differences(address)
        if "update" in actions or actions == {"create", "delete"}:
            _changed(seen, change)
        else:
            there = actions & {"delete", "forget"}
            seen.say("", *(("does not exist", "exists") if there else ("exists", "does not exist")))
        found.setdefault("" if image == SHARED else image, []).extend(seen.found)
    return found


def _changed(seen: Differences, change: Mapping[str, Any]) -> None:
    sides = [dict(_flat(change.get(side))) for side in ("after", "before")]
    unknown = dict(_flat(change.get("after_unknown")))
    hidden = [
        key for side in ("before_sensitive", "after_sensitive") for key, value in _flat(change.get(side)) if value
    ]
    wanted, have = sides
    for path in sorted(wanted.keys() | have.keys()):
        first, second = wanted.get(path), have.get(path)
        later = path in unknown and unknown[path] is True
        if as_text(first) == as_text(second) or (later and not as_text(second)):
            continue
        is_hidden = any(path == key or path.startswith(f"{key}.") for key in hidden)
        name = path if "environment_variable" in path else ""
        is_hidden = is_hidden or any(is_secret(name, as_text(value)) for value in (first, second))
        shown = [HIDDEN if is_hidden and value is not None else as_text(value) or ABSENT for value in (first, second)]
        seen.say(path, _KNOWN_LATER if later else shown[0], shown[1])
    if not seen.found:
        seen.say("", "another value", "the one that AWS has")


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Each value with its path; what has a name stands under it, and a text of JSON is taken apart."""
    if isinstance(value, str) and value[:1] in "{[":
        value = _decoded(value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _flat(inner, f"{path}{_place_of(inner, at, alone=len(value) == 1)}")
    elif value is not None:
        yield path, value


def _place_of(item: object, at: int, *, alone: bool) -> str:
    """Where an item stands in its list: by its name where it has one, else by its number among several."""
    name = item.get("name") or item.get("Sid") if isinstance(item, Mapping) else None
    return f".{name}" if isinstance(name, str) else "" if alone else f".{at}"


def _decoded(text: str) -> object:
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text
