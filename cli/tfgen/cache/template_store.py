"""The templates of the last look, where everything that it saw is as it was: `.tfgen/cache/templates`.

What decides them are tfgen.toml, the reader's code, the names in each folder, the templates' own bytes and git's
ignore files. Folders and files are compared by stamps, and only what is older than the look is believed. A look that
met a link, or asked git what it tracks, is not kept: those change without a sign in any folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.model import Discovery
from tfgen_generators.trees.stamps import TICK, WORTHWHILE, Stamp, is_utf8, read_kept, readers_version, replace_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfgen.workspace import Workspace
    from tfgen_generators.trees.store import Store

_FILE = "templates"
_READERS = ("hcl", "packer", "settings", "sync", "trees")
_GONE: Stamp = (-1, 0, 0, 0)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """`folders` and `files` have a stamp each; `_GONE` is that of a file that was not there."""

    key: str
    #: The inode of the file itself: one that came with a pull request, or a copy, is not believed.
    inode: int
    folders: dict[str, Stamp]
    files: dict[str, Stamp]
    discovery: msgspec.Raw


def find_templates(workspace: Workspace, store: Store) -> Discovery:
    """The templates of a repository, with details; `store` takes the digests of what is read for them.

    Raises TfgenError as `some_templates`.
    """
    file = workspace.cache_file(_FILE)
    if file is None:
        return _look(workspace)[0]
    key = _key(workspace)
    kept = read_kept(file)
    if kept.damaged:
        from tfgen.workspace import say_damaged

        say_damaged(workspace, _FILE, damaged=True)
    if kept.data:
        with contextlib.suppress(msgspec.DecodeError, ValueError, RecursionError):
            stored = msgspec.msgpack.decode(kept.data, type=_Stored)
            if (stored.key, stored.inode) == (key, kept.inode) and _holds(str(workspace.root), stored):
                return msgspec.msgpack.decode(stored.discovery, type=Discovery)
    started = time.time_ns()
    found, digests = _look(workspace)
    store.take(digests)
    if len(found.templates) >= WORTHWHILE:
        _keep(workspace, key, found, {path: stamp for path, (stamp, _) in digests.items()}, started - TICK)
    return found


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """Of a `Discovery` the names alone."""

    templates: list[_Named]


def kept_names(workspace: Workspace, *, stale: bool = False) -> list[str] | None:
    """The names of the templates of the last look; None where there is none, or it may not hold (unless `stale`).

    Never looks itself.
    """
    file = workspace.cache_file(_FILE)
    kept = read_kept(file) if file else None
    if kept and kept.data:
        with contextlib.suppress(msgspec.DecodeError, ValueError, RecursionError):
            stored = msgspec.msgpack.decode(kept.data, type=_Stored)
            same = stale or (stored.key, stored.inode) == (_key(workspace), kept.inode)
            if same and (stale or _holds(str(workspace.root), stored)):
                return [found.name for found in msgspec.msgpack.decode(stored.discovery, type=_Names).templates]
    return None


def _look(workspace: Workspace) -> tuple[Discovery, dict[str, tuple[Stamp, str]]]:
    """The templates, and the stamps and digests of the files that they were found in."""
    from tfgen.git.repository import tracked_although_ignored
    from tfgen.workspace import facts_cache
    from tfgen_generators.sync.survey import Outside, some_templates

    with facts_cache(workspace, details=True) as cache:
        outside = Outside(is_tracked=tracked_although_ignored(workspace.root), cache=cache)
        found = some_templates(workspace.root, workspace.settings, outside, has_file=bool(workspace.settings_text))
        return found, cache.digests


def _keep(workspace: Workspace, key: str, found: Discovery, seen: dict[str, Stamp], latest: int) -> None:
    """Keeps `found` unless something of it may have changed since `latest`, or shows no change."""
    if found.asked_git or found.unreadable or found.other_files is None:
        return
    root = str(workspace.root)
    folders = _of_folders(root, found.folders)
    others = {path.removeprefix(f"{root}/"): there for path, there in found.other_files.items()}
    now = _of_files(root, others)
    if any((now[path] != _GONE) != there for path, there in others.items()):
        return  # it came or went meanwhile
    # Of what is not there, the stamp of a folder that was looked into says that it still is not.
    files = {**seen, **{path: now[path] for path, there in others.items() if there or _folder(path) not in folders}}
    young = any(max(stamp[1], stamp[2]) >= latest for stamp in (*folders.values(), *files.values()))
    if young or not all(map(is_utf8, (*folders, *files))):
        return

    def encode(inode: int) -> bytes:
        discovery = msgspec.Raw(msgspec.msgpack.encode(found))
        return msgspec.msgpack.encode(_Stored(key=key, inode=inode, folders=folders, files=files, discovery=discovery))

    with contextlib.suppress(TfgenError, UnicodeEncodeError):
        workspace.make_state_dir("cache")
        replace_file(workspace.state_dir / "cache" / _FILE, encode)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _holds(root: str, stored: _Stored) -> bool:
    return _of_folders(root, stored.folders) == stored.folders and _of_files(root, stored.files) == stored.files


def _of_folders(root: str, folders: Iterable[str]) -> dict[str, Stamp]:
    return {folder: _stamp(root, folder, os.stat) for folder in folders}


def _of_files(root: str, files: Iterable[str]) -> dict[str, Stamp]:
    return {file: _stamp(root, file, os.lstat) for file in files}


def _stamp(root: str, path: str, look: Callable[[str], os.stat_result]) -> Stamp:
    try:
        status = look(path if path[0] == "/" else f"{root}/{path}")  # without a Path, thousands of times
    except OSError:
        return _GONE
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _key(workspace: Workspace) -> str:
    """Changes with what the look is told, and with the code that looks."""
    root = workspace.root
    repository = next((str(folder) for folder in (root, *root.parents) if (folder / ".git").exists()), "")
    told = (
        sys.version,
        readers_version(_READERS),
        str(root),
        repository,
        workspace.settings_text,
        workspace.settings.packer_dir,
    )
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()
