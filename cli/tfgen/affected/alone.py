"""The templates of an older commit in a folder of the head's in which nothing but templates by themselves differ."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from tfgen.affected.sides import folder_of
from tfgen_generators.packer.discovery.alone import form_of, is_preset, templates_then
from tfgen_generators.trees.files import MOST_BYTES

if TYPE_CHECKING:
    from tfgen_generators.packer.discovery.facts_cache import FactsCache
    from tfgen_generators.packer.discovery.outcome import Outcome
    from tfgen_generators.packer.model import Format, Template
    from tfgen_generators.trees.linked import LinkedTree
    from tfgen_generators.trees.overlay import Other


class Alone:
    """The head's folders. A file that many commits have alike is read once."""

    def __init__(
        self, templates: Iterable[Template], tree: LinkedTree, read_blob: Callable[[str], bytes], facts: FactsCache
    ) -> None:
        self._folders: dict[str, list[Template]] = {}
        for one in templates:
            self._folders.setdefault(folder_of(one), []).append(one)
        self._paths = {one.path for one in templates}
        self._tree, self._read_blob, self._facts = tree, read_blob, facts
        self._here = cache(self._said_here)
        self._there = cache(self._said_there)
        self._presets = cache(self._has_presets)

    def templates(self, folder: str, differing: Iterable[tuple[str, Other | None]]) -> list[Template] | None:
        """Those directly in `folder`, of which `differing` says what stands in the older commit; None: not known."""
        said: dict[str, tuple[Outcome, Outcome | None]] = {}
        for path, other in differing:
            form = form_of(posixpath.basename(path))
            if form == "nothing":
                continue
            if form == "unknown" or path not in self._paths or (other is not None and other.entry != "file"):
                return None
            there = self._there(other.blob, form) if other is not None else None
            here = self._here(path, form)
            if here is None or (there is None and other is not None):
                return None
            said[path] = here, there
        return templates_then(self._folders.get(folder, ()), said, presets=self._presets(folder))

    def _has_presets(self, folder: str) -> bool:
        return any(map(is_preset, self._tree.names(folder)))

    def _said_here(self, path: str, form: Format) -> Outcome | None:
        return self._said(self._tree.content(self._tree.real(path)), form)

    def _said_there(self, blob: str, form: Format) -> Outcome | None:
        return self._said(self._read_blob(blob), form)

    def _said(self, data: bytes, form: Format) -> Outcome | None:
        return self._facts.said_by(data, form) if len(data) <= MOST_BYTES else None
