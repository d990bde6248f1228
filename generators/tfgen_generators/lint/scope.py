"""What rules may look at: one repository, each part of it read when a rule first asks for it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tfgen_generators.settings.model import FILE_NAME, Settings

if TYPE_CHECKING:
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.build import Graph
    from tfgen_generators.packer.describe import Description
    from tfgen_generators.packer.discovery.gitignore import GitIgnore
    from tfgen_generators.packer.model import Discovery, Template
    from tfgen_generators.paths.working_dir import WorkingDirs
    from tfgen_generators.settings.inputs import Input
    from tfgen_generators.trees.recorded import RecordedTree
    from tfgen_generators.trees.store import Store

_T = TypeVar("_T")
#: So many templates are held at once with all that is in them.
_PART = 100


class Scope:
    """One repository. `has_settings` is False where there is no tfgen.toml (`settings` are then the defaults).

    `discovery` has templates with their details. Nothing is written, nothing is executed.
    """

    def __init__(
        self,
        root: Path,
        discovery: Discovery,
        settings: Settings,
        *,
        has_settings: bool = True,
        store: Store | None = None,
        started: int = 0,
    ) -> None:
        from tfgen_generators.trees.store import Store

        #: When the look began.
        self.started = started or time.time_ns()
        self.root, self.discovery, self.settings = root, discovery, settings
        #: What earlier runs have found out; whoever opened it keeps it.
        self.store = store or Store()
        self.has_settings = has_settings
        self._kept: dict[object, Any] = {}
        self._passing: dict[object, Any] = {}
        self._descriptions: dict[str, bytes] = {}
        self._part: tuple[Template, ...] | None = None
        #: Whether all has been looked at in parts.
        self.is_gathered = False
        self._there: dict[str, bool] = {}
        self._ignored: dict[tuple[str, bool], bool] = {}

    def again(self) -> Scope:
        """The same, of which nothing was asked yet."""
        return Scope(
            self.root,
            self.discovery,
            self.settings,
            has_settings=self.has_settings,
            store=self.store,
            started=self.started,
        )

    @cached_property
    def tree(self) -> RecordedTree:
        """The files on the disk."""
        from tfgen_generators.trees.recorded import RecordedTree

        return RecordedTree(self.root, self.store)

    @property
    def templates(self) -> tuple[Template, ...]:
        """The templates that can be read, sorted by path."""
        return tuple(template for template in self.discovery.templates if not template.errors)

    @property
    def part(self) -> tuple[Template, ...]:
        """The templates that are looked at now: some of `templates` in `parts`, else all."""
        return self.templates if self._part is None else self._part

    @property
    def is_in_parts(self) -> bool:
        """Whether `part` is not all of the templates."""
        return self._part is not None

    def parts(self) -> Iterator[None]:
        """Looks at some templates after the other. What is `passing` is dropped with each part."""
        templates = self.templates
        for start in range(0, len(templates), _PART):
            self._part = templates[start : start + _PART]
            yield
            self._passing.clear()
        self._part = None
        self.is_gathered = True

    @cached_property
    def graph(self) -> Graph:
        """What every image is made of."""
        from tfgen_generators.graph.build import build_graph
        from tfgen_generators.graph.facts import StoredFacts

        settings = self.settings if self.has_settings else None
        facts = StoredFacts(self.tree, self.store)
        return build_graph(self.root, self.tree, self.discovery, settings, facts, self.store)

    @cached_property
    def shared_inputs(self) -> Mapping[str, Input]:
        """The inputs of every pipeline, before a template's own table."""
        from tfgen_generators.pipeline.pipeline import shared_inputs

        return shared_inputs(self.settings)

    @cached_property
    def working_dirs(self) -> WorkingDirs:
        """Where Packer runs."""
        from tfgen_generators.paths.path_resolution import PathResolver
        from tfgen_generators.paths.working_dir import WorkingDirs

        return WorkingDirs(PathResolver(self.tree), self.settings if self.has_settings else None)

    @cached_property
    def ancestry(self) -> Ancestry:
        """Which image is built on which."""
        from tfgen_generators.ancestry.parents import find_ancestry

        return find_ancestry(self.templates, self.settings if self.has_settings else None, self.tree, self.store)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file that an image is made of, the templates themselves, and those that decide how they are built."""
        found = {member for template in self.discovery.templates for member in (template.path, *template.members)}
        for unit in self.graph.units.values():
            found.update(unit.files)
        found.add(FILE_NAME)
        return tuple(sorted(path for path in found if self.tree.kind(path) == "file"))

    @cached_property
    def ignore_files(self) -> GitIgnore:
        """What git would not see; asked by `is_ignored`."""
        from tfgen_generators.packer.discovery.gitignore import GitIgnore

        return GitIgnore(self.root)

    def is_ignored(self, path: str) -> bool:
        """Whether git would not see a file at this path."""
        return self._is_ignored(path, folder=False)

    def _is_ignored(self, path: str, *, folder: bool) -> bool:
        if (path, folder) not in self._ignored:
            above = path.rpartition("/")[0]
            is_below = bool(above) and self._is_ignored(above, folder=True)
            self._ignored[path, folder] = is_below or self.ignore_files.ignores(path, folder=folder)
        return self._ignored[path, folder]

    def exists(self, path: str) -> bool:
        """Whether something stands at a path from the root, through links that lead out of the repository, too."""
        if path not in self._there:
            # Path.exists raises for what is too long.
            self._there[path] = os.path.exists(os.path.join(self.root, path))  # noqa: PTH110, PTH118
        return self._there[path]

    @property
    def existing(self) -> dict[str, bool]:
        """What `exists` has said so far."""
        return self._there

    def described(self, template: Template) -> Description:
        """The facts of one template. Found out once, and kept as bytes where all have been looked at in parts."""
        if self.is_gathered:
            return self._described(template)
        return self.passing(("described", template.identity), lambda: self._described(template))

    def _described(self, template: Template) -> Description:
        from tfgen_generators.packer.describe import Description

        kept = self._descriptions.get(template.identity)
        if kept is not None:
            return msgspec.msgpack.decode(kept, type=Description)
        found = self._describe(template)
        with contextlib.suppress(UnicodeEncodeError):
            self._descriptions[template.identity] = msgspec.msgpack.encode(found)
        return found

    def _describe(self, template: Template) -> Description:
        from tfgen_generators.packer.describe import describe
        from tfgen_generators.packer.details import decode_details

        return describe(
            self.root,
            template,
            [decode_details(details) for details in template.details],
            self.working_dirs.known(template),
            self.exists,
        )

    def read(self, path: str) -> bytes:
        """The bytes of a file, read once; b"" for what is no file or cannot be read (that is another rule's matter)."""
        is_passing = path in self._members
        if is_passing and self.is_gathered:
            return self._read(path)
        return (self.passing if is_passing else self.once)(("read", path), lambda: self._read(path))

    @cached_property
    def _members(self) -> frozenset[str]:
        return frozenset(path for one in self.discovery.templates for path in one.members)

    def _read(self, path: str) -> bytes:
        try:
            return self.tree.read(path)
        except (OSError, ValueError):
            return b""

    def once(self, key: object, make: Callable[[], _T]) -> _T:
        """What `make` gives, kept for every later question with the same `key`: rules share what they read."""
        if key not in self._kept:
            self._kept[key] = make()
        found: _T = self._kept[key]
        return found

    def passing(self, key: object, make: Callable[[], _T]) -> _T:
        """The same for what is of one template: it is kept as long as that is looked at."""
        if key not in self._passing:
            self._passing[key] = make()
        found: _T = self._passing[key]
        return found
