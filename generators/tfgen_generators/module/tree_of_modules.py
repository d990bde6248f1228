"""A module and all local modules below it: their folders, and what they read beside those."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.module.configuration import Instance
from tfgen_generators.module.file_reads import Pattern, Read
from tfgen_generators.module.reads import reads_of, sources_of
from tfgen_generators.module.values import UNKNOWN

#: Folders that a computed source may mean.
_MOST_FOLDERS = 200


class CalledFolder(msgspec.Struct, frozen=True):
    """A folder that is called at `path:line`; `label` says by what. `widened`: the source is computed."""

    folder: str
    path: str
    line: int
    label: str
    widened: bool = False


class Reached(msgspec.Struct):
    """What a module reaches: the folders of modules (its own first), its reads, and files that say nothing."""

    folders: dict[str, CalledFolder] = {}
    reads: dict[Read, None] = {}
    #: Sources that may mean any folder: where they stand.
    anywhere: list[CalledFolder] = []
    #: Path -> why nothing of it is known.
    unreadable: dict[str, str] = {}
    outside: list[CalledFolder] = []


def reach_modules(*tops: Instance) -> Reached:
    """All that the modules `tops` reach through local sources, themselves included."""
    found = Reached()
    for top in tops:
        found.folders.setdefault(top.folder, CalledFolder(top.folder, "", 0, ""))
        waiting = [top]
        while waiting:
            module = waiting.pop()
            found.reads |= dict.fromkeys(reads_of(module))
            for path, file in module.files.files.items():
                if file.problem:
                    found.unreadable[path] = file.problem
            for called in _called(module, found):
                found.folders.setdefault(called.folder, called)
            waiting += _children(module)
    return found


def _children(module: Instance) -> Iterator[Instance]:
    seen: set[tuple[str, str]] = set()
    for _, call in module.files.calls():
        for _, folder, pattern in sources_of(module, call):
            for one in [folder] if pattern is None else _folders(module, pattern):
                if (call.name, one) not in seen and module.is_there(one, call):
                    seen.add((call.name, one))
                    yield module.child(one, call)


def _called(module: Instance, found: Reached) -> Iterator[CalledFolder]:
    for path, call in module.files.calls():
        for text, folder, pattern in sources_of(module, call):
            if pattern is None:
                called = CalledFolder(folder, path, call.line, f"source: {text}")
                if folder.startswith("../") or folder == "..":
                    found.outside.append(called)
                else:
                    yield called
                continue
            label = f"source: {text}"
            if pattern.is_anything or pattern.text.startswith(UNKNOWN):
                found.anywhere.append(CalledFolder("", path, call.line, label, widened=True))
            for one in _folders(module, pattern):
                yield CalledFolder(one, path, call.line, label, widened=True)


def _folders(module: Instance, pattern: Pattern) -> list[str]:
    """The folders of modules that a computed source may mean."""
    tree, root = module.modules.tree, module.modules.root
    paths = (path for path in pattern.files(tree) if is_terraform(path.rpartition("/")[2]))
    folders = dict.fromkeys(posixpath.dirname(path) or "." for path in paths)
    return [one for one in folders if one not in (root, module.folder)][:_MOST_FOLDERS]
