"""Many older commits against one head: what they share is read once."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen.affected.alone import Alone
from tfgen.affected.commit_templates import named, unnamed_in
from tfgen.affected.compare import Comparison
from tfgen.affected.model import Affected, Point
from tfgen.affected.sides import Sides, deciding
from tfgen.cache.graph_store import keep_store
from tfgen.git.differences import MissingBlobsError
from tfgen.git.history import differences_from
from tfgen.git.repository import NoAnswerError
from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.discovery.facts_cache import FactsCache

if TYPE_CHECKING:
    from tfgen.git.differences import Differences
    from tfgen.workspace import Workspace
    from tfgen_generators.graph.state import State
    from tfgen_generators.packer.model import Template
    from tfgen_generators.settings.model import Settings
    from tfgen_generators.trees.linked import LinkedTree
    from tfgen_generators.trees.overlay import Other


class Many:
    """Comparisons of commits (ancestors, in full) with the commit `head`, each for the images that are asked about.

    What is said of an image is what `affected_between` says. Raises TfgenError where the head cannot be read.
    """

    def __init__(self, workspace: Workspace, head: str, asked: Mapping[str, Collection[str]]) -> None:
        self._workspace, self._asked = workspace, asked
        self._head = Point(commit=head, name=head)
        try:
            self._sides = _Sides(workspace, self._head)
            self._changes = differences_from(workspace.root, list(asked), head)
            for changes in self._changes.values():
                self._sides.blobs.expect(changes)
            _ = self._sides.templates
        except (NoAnswerError, MissingBlobsError) as error:
            raise TfgenError(f"git has no answer{f': {error}' if str(error) else ''}") from None

    @property
    def images(self) -> frozenset[str]:
        """The names of the head's images."""
        return frozenset(one.name for one in self._sides.templates)

    @cached_property
    def _state(self) -> State:
        return Comparison(self._workspace, self._head, self._head, self._sides).head_state()

    def found(self) -> Iterator[tuple[str, Affected | TfgenError]]:
        """Each commit with what differs from it, or why it cannot be compared with."""
        state = self._state if self._asked else None
        held = state.held if state else frozenset()
        identities = {name: identity for identity, name in self._sides.names.items()}
        for commit, names in self._asked.items():
            base = Point(commit=commit, name=commit)
            sides = _Older(self._sides, base, self._changes[commit], frozenset(names))
            part = state.part([identities[name] for name in names if name in identities]) if state else None
            comparison = Comparison(self._workspace, base, self._head, sides, part, held)
            try:
                yield commit, comparison.found("", include_children=False)
            except (NoAnswerError, MissingBlobsError) as error:
                yield commit, TfgenError(f"files are missing in this clone: {error}")
            except TfgenError as error:
                yield commit, error
        keep_store(self._workspace, self._sides.store)


class _Sides(Sides):
    """The head alone: nothing differs from it."""

    def __init__(self, workspace: Workspace, head: Point) -> None:
        super().__init__(workspace, head, head)
        #: Folder as some commit has it -> its templates.
        self.unnamed: dict[object, Sequence[Template]] = {}

    @cached_property
    def cache(self) -> FactsCache:
        """What the last look has read, by content: asked for after the head's templates, and never kept."""
        return FactsCache(self.workspace.cache_file("facts"), details=True)

    @cached_property
    def alone(self) -> Alone:
        """The head's folders, in most of which only templates by themselves differ."""
        return Alone(self.templates, self.head_tree, self.blobs.read, self.cache)

    @cached_property
    def around(self) -> Differences:
        """Where the head is not as the work tree."""
        from tfgen.git.differences import differences

        assert self.head.commit is not None  # noqa: S101
        return {**self.sparse, **differences(self.root, self.head.commit)}

    @cached_property
    def head_tree(self) -> LinkedTree:
        return self._overlay(self.around)


class _Older(Sides):
    """One older commit beside the head of `like`."""

    def __init__(self, like: _Sides, base: Point, changes: Differences, wanted: frozenset[str]) -> None:
        self.workspace, self.base, self.head, self.root = like.workspace, base, like.head, like.root
        self.store, self.disk, self.blobs, self.sparse = like.store, like.disk, like.blobs, like.sparse
        self.is_tracked = like.is_tracked
        self._around = like.around
        self.changes = changes
        self.head_tree, self.settings, self._like, self._wanted = like.head_tree, like.settings, like, wanted
        self.names = like.names
        self._known_names = like._known_names
        self.templates = [one for one in like.templates if one.name in wanted]

    @property
    def all_of_head(self) -> Sequence[Template]:
        return self._like.templates

    @cached_property
    def folders_of_head(self) -> Sequence[str]:
        return self._like.folders_of_head

    @cached_property
    def base_templates(self) -> Sequence[Template]:
        """Those that are asked about."""
        if self.all_of_base is self.all_of_head:
            return self.templates
        return [one for one in self.all_of_base if self.head_name(one.identity, one.name) in self._wanted]

    def discovered(self, settings: Settings, folders: Collection[str] | None) -> Sequence[Template]:
        """As ever, but most folders are made of the head's, and one that several commits have alike is read once."""
        self.facts = self._like.cache
        if folders is None:
            return super().discovered(settings, None)
        differing: dict[str, list[tuple[str, Other | None]]] = {folder: [] for folder in sorted(folders)}
        for path, other in self.changes.items():
            if (folder := posixpath.dirname(path) or ".") in differing:
                differing[folder].append((path, other))
        how = repr(deciding(settings))
        found: list[Template] = []
        alone: list[Template] = []
        for folder, paths in differing.items():
            if (then := self._like.alone.templates(folder, paths)) is not None:
                alone += then
                continue
            key = (folder, how, repr(sorted(paths, key=lambda one: one[0])))
            if key not in self._like.unnamed:
                self._like.unnamed[key] = unnamed_in(self.base_tree, settings, self.is_known, folder, self.facts)
            found += self._like.unnamed[key]
        return [*alone, *named(found, settings)]

    @cached_property
    def base_tree(self) -> LinkedTree:
        return self._overlay({**self._around, **self.changes})
