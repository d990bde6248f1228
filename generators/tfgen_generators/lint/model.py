"""The shapes of lint: a rule looks at a repository's scope and yields findings, some with a safe fix.

Paths are relative to the repository's root, with `/`; lines and columns are 1-based, 0 when the whole file is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

Severity = Literal["error", "warning", "note"]


class Edit(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A safe change: the bytes from offset `start` to `end` of the file as it is on the disk become `text`."""

    path: str
    start: int
    end: int
    text: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One thing that a rule found. `fix` says what to do; `edits` do it, where that is safe; `image` needs it.

    `message` and `fix` may hold text of templates: data, never markup. Neither holds a secret.
    """

    rule: str
    path: str
    line: int
    message: str
    column: int = 0
    fix: str = ""
    image: str = ""
    edits: tuple[Edit, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is kebab-case and has a page `docs/rules/ID.md`; `summary` is one line without a full stop.

    `check` yields every finding of the rule in the whole repository, and none of another rule. `by_template`: what it
    finds in a template does not depend on the others, so that it may be asked of some templates after the other;
    `gather` keeps then what `check` needs of them at the end.
    """

    id: str
    severity: Severity
    summary: str
    check: Callable[[Scope], Iterable[Finding]]
    by_template: bool = False
    gather: Callable[[Scope], object] | None = None
