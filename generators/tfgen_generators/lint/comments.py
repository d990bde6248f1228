"""The `tfgen:ignore` comments of a whole repository, and which of them were of use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from tfgen_generators.lint.ignores import MARK, Ignore, ignores_in
from tfgen_generators.lint.model import Finding
from tfgen_generators.lint.scope import Scope


class Comments:
    """Asked for each finding; then for all comments in the files that lint looks at."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._files: dict[str, tuple[Ignore, ...]] = {}
        self._targets: dict[str, dict[int, list[int]]] = {}
        self._used: set[tuple[str, int, str]] = set()

    def _of(self, path: str) -> tuple[Ignore, ...]:
        if path not in self._files:
            self._files[path] = ignores_in(path, self._scope.read(path))
        return self._files[path]

    def covering(self, found: Finding) -> Ignore | None:
        """The comment that switches a finding off; one without a reason does not."""
        targets = self._targets_in(found.path)
        if not targets:
            return None
        about = sorted({*targets.get(0, ()), *targets.get(max(found.line, 1), ())})
        for comment in (self._of(found.path)[number] for number in about):
            if comment.reason and comment.covers(found.rule, found.line):
                self._used.add((comment.path, comment.line, found.rule))
                return comment
        return None

    def _targets_in(self, path: str) -> Mapping[int, Sequence[int]]:
        """By the line that it is about, where each comment of a file stands among them."""
        if path not in self._targets:
            found = self._targets[path] = dict[int, list[int]]()
            for number, comment in enumerate(self._of(path)):
                found.setdefault(comment.target, []).append(number)
        return self._targets[path]

    def is_used(self, comment: Ignore, rule: str) -> bool:
        return (comment.path, comment.line, rule) in self._used

    def all(self) -> Iterator[Ignore]:
        """Every comment once, by file and line."""
        for path in self._paths:
            yield from {comment.line: comment for comment in self._of(path)}.values()

    @cached_property
    def _paths(self) -> list[str]:
        scope = self._scope
        paths = (path for path in {*scope.files, *self._files} if not path.endswith(".md"))  # those only tell of it
        return sorted(path for path in paths if self._has_any(path))

    def _has_any(self, path: str) -> bool:
        """Whether a file may have comments; one that was read for its findings is not read again."""
        return bool(self._files[path]) if path in self._files else MARK in self._scope.read(path)
