"""wanted + found -> changes. Pure: nothing here touches a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from tfgen_generators.generated.files import Unknown
from tfgen_generators.generated.ownership import Ownership, examine, removed_blocks, same, sign
from tfgen_generators.sync.model import Change, Changes, Refusal

_NONE_UNKNOWN = Unknown()


class _Found(msgspec.Struct, kw_only=True):
    changes: list[Change]
    unchanged: list[str]
    kept: list[str]
    refused: list[Refusal]
    refresh: list[Change]


def compare(
    wanted: Mapping[str, str],
    found: Mapping[str, str],
    unknown: Unknown = _NONE_UNKNOWN,
    *,
    forget: Mapping[str, Sequence[str]] = MappingProxyType({}),
    moved: frozenset[str] = frozenset(),
) -> Changes:
    """What sync must do. `found` holds every file at a generated path, ours or not.

    `forget` are the files whose pipelines Terraform shall forget, not destroy, once nothing wants them, each with the
    names that its resources may still have; `moved` the names that a `moved` block gives away, which Terraform would
    not have forgotten at the same time.
    """
    result = _Found(changes=[], unchanged=[], kept=[], refused=[], refresh=[])
    for path in sorted({*wanted, *found}):
        if path not in found:
            result.changes.append(Change(action="create", path=path, after=wanted[path]))
        elif path not in wanted:
            _unwanted(result, path, found[path], unknown, forget, moved)
        elif found[path] == wanted[path]:  # the usual case, and the cheap one: nothing is parsed or hashed
            result.unchanged.append(path)
        else:
            _differs(result, path, found[path], wanted[path])
    return Changes(
        changes=tuple(result.changes),
        unchanged=tuple(result.unchanged),
        kept=tuple(result.kept),
        refused=tuple(result.refused),
        refresh=tuple(result.refresh),
    )


def _differs(result: _Found, path: str, text: str, wanted: str) -> None:
    owner = examine(text)
    if owner.state != "ours":
        result.refused.append(_refusal(path, owner))
    elif same(text, wanted):
        result.unchanged.append(path)
        if owner.template != examine(wanted).template:
            result.refresh.append(Change(action="change", path=path, before=text, after=wanted))
    else:
        result.changes.append(Change(action="change", path=path, before=text, after=wanted))


def _unwanted(
    result: _Found, path: str, text: str, unknown: Unknown, forget: Mapping[str, Sequence[str]], moved: frozenset[str]
) -> None:
    owner = examine(text)
    if owner.state == "foreign":
        return
    if unknown.covers(path, owner.source):
        result.kept.append(path)
    elif owner.state != "ours":
        result.refused.append(_refusal(path, owner))
    elif owner.forgets and owner.name not in moved:
        result.unchanged.append(path)  # until a person, who knows where it is applied, deletes it
    elif path in forget:
        after = sign(owner.source, removed_blocks(owner.name, forget[path]), owner.template)
        result.changes.append(Change(action="forget", path=path, before=text, after=after))
    else:
        result.changes.append(Change(action="delete", path=path, before=text))


def _refusal(path: str, owner: Ownership) -> Refusal:
    if owner.state == "foreign":
        return Refusal(
            path=path,
            reason="was not written by tfgen, but a template needs this file name",
            fix="rename this file or the template",
        )
    return Refusal(
        path=path,
        reason="was edited by hand",
        fix="move the edit to the template or tfgen.toml, delete the file, then run: tfgen sync",
    )
