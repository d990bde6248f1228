"""What every host of pull requests offers: the comments that are ours, a new one, an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tfgen_generators.errors import TfgenError

HostName = Literal["github", "bitbucket", "codecommit"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """What a host makes of Markdown, and how much a comment may hold (`limit` in bytes of UTF-8; None: no bound)."""

    collapsible: bool
    hides_html: bool
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on the pull request, written by us as far as the host can tell."""

    id: str
    body: str


class Host(Protocol):
    """One pull request on one host. Every method raises TfgenError."""

    @property
    def title(self) -> str:
        """The pull request, for a message."""

    def comments(self) -> Sequence[Comment]:
        """The comments that we may have written, oldest first, of all pages."""

    def create(self, body: str) -> None:
        """Adds a comment. Raises UnsureError when it may have been added."""

    def update(self, comment: Comment, body: str) -> None:
        """Gives our comment another text. Raises NotOursError when somebody else wrote it."""


class UnsureError(TfgenError):
    """No answer came, or one that says nothing: what was asked for may have been done."""


class NotOursError(TfgenError):
    """The host says that somebody else wrote the comment."""


#: How each host shows Markdown, and the most that a comment may hold there.
STYLES: dict[HostName, Style] = {
    "github": Style(collapsible=True, hides_html=True, limit=65_536),
    "bitbucket": Style(collapsible=False, hides_html=False, limit=32_768),
    "codecommit": Style(collapsible=False, hides_html=False, limit=10_240),
}


def marker(style: Style, target: str) -> str:
    """The first line by which our comment on `target` is found again; no host shows it."""
    import hashlib

    mark = f"tfgen plan {hashlib.sha256(target.encode(errors='surrogateescape')).hexdigest()[:16]}"
    # Where HTML is shown as text, a link's definition that nothing uses is what stays unseen.
    return f"<!-- {mark} -->" if style.hides_html else f"[comment]: # ({mark})"
