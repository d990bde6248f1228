"""Which templates another commit has: its files in a folder of their own, where discovery looks at them as ever."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from tfgen_generators.packer.discovery.discover import find_unnamed
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.naming import name_templates
from tfgen_generators.packer.discovery.nothing_found import require_some
from tfgen_generators.packer.model import Discovery, Template
from tfgen_generators.settings.model import Settings
from tfgen_generators.sync import pins
from tfgen_generators.trees.files import MOST_BYTES
from tfgen_generators.trees.linked import LinkedTree

_CANDIDATES = (".hcl", ".json", ".example")
_IGNORE = ".gitignore"


def discover_commit(
    tree: LinkedTree,
    settings: Settings,
    is_tracked: Callable[[str], bool],
    folders: Collection[str] | None = None,
    *,
    required: bool = False,
    cache: FactsCache | None = None,
) -> tuple[Template, ...]:
    """The templates of a tree that is not the disk's, with their details; only those directly in `folders` if given.

    Raises TfgenError where it is `required` that there are some, as `require_some` does. `cache` keeps what is read.
    """
    with _copied(tree, settings, folders) as root:
        packer_dir, given = settings.packer_dir, pins.by_path(settings)
        found = name_templates(_unnamed(root, settings, is_tracked, cache), packer_dir, given, settings)
        return (require_some(root, found, packer_dir) if required else found).templates


def unnamed_in(
    tree: LinkedTree, settings: Settings, is_tracked: Callable[[str], bool], folder: str, cache: FactsCache
) -> tuple[Template, ...]:
    """The templates directly in one folder of such a tree, which have no names yet: `named` gives them those."""
    with _copied(tree, settings, [folder]) as root:
        return _unnamed(root, settings, is_tracked, cache).templates


def named(templates: Iterable[Template], settings: Settings) -> tuple[Template, ...]:
    """What `discover_commit` says of the folders of `templates`."""
    found = Discovery(templates=tuple(sorted(templates, key=lambda one: one.path)), skipped=())
    return name_templates(found, settings.packer_dir, pins.by_path(settings), settings).templates


@contextlib.contextmanager
def _copied(tree: LinkedTree, settings: Settings, folders: Collection[str] | None) -> Iterator[Path]:
    """A folder with what is looked at of `tree`."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tfgen-") as name:
        root = Path(name).resolve()
        packer_dir = root / settings.packer_dir
        packer_dir.mkdir(parents=True, exist_ok=True)
        for path in _files(tree, settings.packer_dir, folders):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                file.write_bytes(tree.content(tree.real(path)))
            except OSError as error:
                if error.errno != errno.EFBIG:
                    raise
                file.touch()  # it is too large there as well: a file that is not read
                os.truncate(file, MOST_BYTES + 1)
        yield root


def _unnamed(root: Path, settings: Settings, is_tracked: Callable[[str], bool], cache: FactsCache | None) -> Discovery:
    return find_unnamed(
        root,
        settings.packer_dir,
        ignore=settings.ignore,
        cache=cache or FactsCache(details=True),
        is_tracked=is_tracked,
    )


def _files(tree: LinkedTree, packer_dir: str, folders: Collection[str] | None) -> Iterator[str]:
    """Candidates, and every .gitignore that has a say in them."""
    packer_dir = posixpath.normpath(packer_dir)
    looked_into = sorted(folders) if folders is not None else list(_folders(tree, packer_dir))
    ignoring: dict[str, None] = {}
    for folder in looked_into:
        around = folder
        while around:
            ignoring[around] = None
            around = around.rpartition("/")[0]
        for name in tree.names(folder):
            path = name if folder == "." else f"{folder}/{name}"
            if name.endswith(_CANDIDATES) and tree.kind(path) == "file":
                yield path
    for folder in (".", *ignoring):
        path = _IGNORE if folder == "." else f"{folder}/{_IGNORE}"
        if tree.kind(path) == "file":
            yield path


def _folders(tree: LinkedTree, folder: str) -> Iterator[str]:
    """All folders below `folder`, each real one once."""
    pending, seen = [folder], set[str]()
    while pending:
        current = pending.pop()
        if tree.kind(current) != "folder" or (real := tree.real(current)) in seen:
            continue
        if real != current and f"{real}/".startswith(f"{folder}/"):
            continue  # a link to a folder that is looked into by its own name
        seen.add(real)
        yield current
        pending += [name if current == "." else f"{current}/{name}" for name in reversed(tree.names(current))]
