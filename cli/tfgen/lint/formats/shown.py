"""What all formats are made of."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tfgen_generators.lint.engine import Judged
from tfgen_generators.lint.model import Rule, Severity


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`judged` are the findings below the paths that were asked for; `read` gives the bytes of a file by its path."""

    rules: tuple[Rule, ...]
    judged: tuple[Judged, ...]
    read: Callable[[str], bytes]
    images: int = 0
    fixed: int = 0
    #: Whether warnings are failures.
    strict: bool = False
    #: Whether people are shown each finding, however many are alike.
    all: bool = False

    @property
    def open(self) -> tuple[Judged, ...]:
        """What nobody switched off."""
        return tuple(judged for judged in self.judged if judged.suppressed is None)

    def count(self, severity: Severity) -> int:
        """How many of `open` are that grave."""
        return sum(judged.severity == severity for judged in self.open)

    def fails(self, judged: Judged) -> bool:
        """Whether this finding makes the exit code 1."""
        grave = judged.severity == "error" or (self.strict and judged.severity == "warning")
        return grave and judged.suppressed is None

    @property
    def failed(self) -> bool:
        """Whether the exit code is 1."""
        return any(map(self.fails, self.judged))


def documented(rule: str) -> str:
    """Where a rule's page is, in tfgen's own repository."""
    return f"docs/rules/{rule}.md"


def readable(path: str) -> str:
    """A path that cannot be encoded, with its odd bytes as escapes."""
    return path.encode("utf-8", "backslashreplace").decode()
