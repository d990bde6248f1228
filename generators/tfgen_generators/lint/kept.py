"""What lint has found, kept for the next run together with all that was asked of the repository.

The findings are those of a look at the same templates, with the same tfgen.toml, rules and code of tfgen. They hold
where everything that was asked is answered as it was: files, listings of folders, links, git's ignore files.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.lint.engine import Judged
from tfgen_generators.trees.recorded import Record
from tfgen_generators.trees.stamps import WORTHWHILE, is_utf8, readers_version, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.trees.stamps import Kept


#: What reads templates and playbooks beside our own code and the grammars (`readers_version`).
_LIBRARIES = ("jinja2", "msgspec", "tree_sitter", "yaml")


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decided the findings beside `key`. `ignores`: see GitIgnore; None where it was not asked."""

    tree: Record
    existing: dict[str, bool]
    ignores: dict[str, str] | None


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    #: The inode of the file itself: one that came with a pull request, or a copy, is not believed.
    inode: int
    asked: _Asked
    judged: msgspec.Raw


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """The same as it is written: encoded at once, without a copy of the findings in between."""

    key: str
    inode: int
    asked: _Asked
    judged: tuple[Judged, ...]


def find_kept(kept: Kept, scope: Scope, only: Collection[str]) -> tuple[Judged, ...] | None:
    """What the last look has found, None where another one is needed. `kept` is what stands in the file of `keep`.

    `scope` is asked what the last one was: another look had better have one of its own.
    """
    if not kept.data:
        return None
    try:
        stored = msgspec.msgpack.decode(kept.data, type=_Stored)
        if (stored.key, stored.inode) != (_key(scope, only), kept.inode) or not _holds(stored.asked, scope):
            return None
        return msgspec.msgpack.decode(stored.judged, type=tuple[Judged, ...])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None  # another version's, or nobody's


def keep(file: Path, scope: Scope, only: Collection[str], judged: tuple[Judged, ...]) -> None:
    """Keeps what was found. What cannot be kept costs time, no more."""
    record = scope.tree.record(scope.started)
    if record is None or not all(map(is_utf8, scope.existing)):
        return
    ignores = scope.ignore_files.consulted if "ignore_files" in vars(scope) else None
    asked = _Asked(tree=record, existing=scope.existing, ignores=ignores)
    with contextlib.suppress(UnicodeEncodeError):  # a path in a finding
        key = _key(scope, only)
        replace_file(
            file,
            lambda inode: msgspec.msgpack.encode(_Written(key=key, inode=inode, asked=asked, judged=judged)),
        )


def is_worthwhile(scope: Scope) -> bool:
    """Whether the look has read so many files that it takes its time."""
    return scope.tree.number_read >= WORTHWHILE


def _holds(asked: _Asked, scope: Scope) -> bool:
    """Whether the repository answers as it did."""
    if asked.ignores is not None and not scope.ignore_files.is_as(asked.ignores):
        return False
    return scope.tree.is_as(asked.tree) and all(scope.exists(path) == there for path, there in asked.existing.items())


def _file_of(library: str) -> tuple[str, int]:
    """Where a library stands, and since when."""
    spec = importlib.util.find_spec(library)
    return (spec.origin, os.stat(spec.origin).st_mtime_ns) if spec and spec.origin else ("", 0)  # noqa: PTH116 one name


def _key(scope: Scope, only: Collection[str]) -> str:
    """Changes with what the look is told, and with the code that looks."""
    settings = scope.settings
    told = (
        sys.version,
        readers_version(("",)),
        [_file_of(name) for name in _LIBRARIES],
        str(scope.root),
        scope.has_settings,
        settings.origin.text,
        settings.packer_dir,
        sorted(set(only)),
    )
    digest = hashlib.sha256(repr(told).encode("utf-8", "surrogateescape"))
    digest.update(msgspec.msgpack.encode(scope.discovery, order="deterministic"))
    return digest.hexdigest()
