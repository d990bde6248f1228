"""A repository's files as the graph sees them: on the disk, or as another commit had them."""

from __future__ import annotations

from typing import Literal, Protocol

Kind = Literal["file", "folder"]


class Tree(Protocol):
    """Paths are relative to the repository's root, with `/`, normal ("." is the root); what leads out is not there."""

    def kind(self, path: str) -> Kind | None:
        """What stands at `path`, links followed; None when nothing does."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Names in `folder`, sorted; none when it is no folder."""

    def links(self, path: str) -> tuple[str, ...]:
        """Every other path that decides what stands at `path`: links on the way, and the real path behind them."""

    def digest(self, path: str) -> str:
        """What changes with the content of a file (SHA-256 in hex). Raises OSError."""

    def read(self, path: str) -> bytes:
        """The content of a file. Raises OSError."""
