"""Many older commits against one head: what they share is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen.affected.compare import Comparison
from tfgen.affected.model import Affected, Point
from tfgen.affected.sides import Sides
from tfgen.git.differences import MissingBlobsError
from tfgen.git.history import differences_from
from tfgen.git.repository import NoAnswerError
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.git.differences import Differences
    from tfgen.workspace import Workspace
    from tfgen_generators.graph.state import State
    from tfgen_generators.trees.linked import LinkedTree


class Many:
    """Comparisons of `commits` (ancestors, in full) with the commit `head`, each equal to `affected_between`.

    Raises TfgenError where the head cannot be read.
    """

    def __init__(self, workspace: Workspace, head: str, commits: Sequence[str]) -> None:
        self._workspace, self._commits = workspace, commits
        self._head = Point(commit=head, name=head)
        try:
            self._sides = _Sides(workspace, self._head)
            self._changes = differences_from(workspace.root, commits, head)
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
        for commit in self._commits:
            base = Point(commit=commit, name=commit)
            sides = _Older(self._sides, base, self._changes[commit])
            comparison = Comparison(self._workspace, base, self._head, sides, self._state)
            try:
                yield commit, comparison.result("", include_children=False)
            except (NoAnswerError, MissingBlobsError) as error:
                yield commit, TfgenError(f"files are missing in this clone: {error}")
            except TfgenError as error:
                yield commit, error


class _Sides(Sides):
    """The head alone: nothing differs from it."""

    def __init__(self, workspace: Workspace, head: Point) -> None:
        super().__init__(workspace, head, head)

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

    def __init__(self, like: _Sides, base: Point, changes: Differences) -> None:
        self.workspace, self.base, self.head, self.root = like.workspace, base, like.head, like.root
        self.store, self.disk, self.blobs, self.sparse = like.store, like.disk, like.blobs, like.sparse
        self.is_tracked = like.is_tracked
        self._around = like.around
        self.changes = changes
        self.head_tree, self.settings, self.templates = like.head_tree, like.settings, like.templates

    @cached_property
    def base_tree(self) -> LinkedTree:
        return self._overlay({**self._around, **self.changes})
