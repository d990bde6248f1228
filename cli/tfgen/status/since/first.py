"""The first commit after an older one, on HEAD's way of first parents, that changed one of some paths."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from tfgen.git.history import FirstParents, Step
from tfgen.git.repository import folder_in_repository

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class FirstSince:
    """For several older commits, by one look at the history. Everything here raises NoAnswerError."""

    def __init__(self, workspace: Workspace, head: str, commits: Collection[str]) -> None:
        self._folder = folder_in_repository(workspace.root)
        way = FirstParents(workspace.root, head)
        self._places = {commit: way.place(commit) for commit in commits}
        self._steps: Sequence[Step] = way.steps(max(self._places.values(), default=0))
        self._touched: dict[str, list[int]] = {}
        for number, step in enumerate(self._steps):
            for path in step.changed:
                self._touched.setdefault(path, []).append(number)

    def time(self, commit: str, paths: Iterable[str]) -> str:
        """When the first of `paths` (from tfgen.toml's folder) was changed; without such the first commit's time."""
        numbers = [number for path in paths if (number := self._first(path, self._places[commit])) >= 0]
        place = max(numbers, default=self._places[commit] - 1)
        return self._steps[place].at if 0 <= place < len(self._steps) else ""

    def _first(self, path: str, place: int) -> int:
        """The oldest step before `place` that changed `path`, -1 without."""
        touched = self._touched.get(posixpath.normpath(posixpath.join(self._folder, path)), [])
        return touched[at - 1] if (at := bisect_left(touched, place)) else -1

    def since(self, commit: str) -> Sequence[Step]:
        """All steps after `commit`, the newest first."""
        return self._steps[: self._places[commit]]
