"""One command that runs on the machine that builds."""

from __future__ import annotations

import msgspec


class LocalCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `folders` are from the repository's root (`UNKNOWN` where only a run knows).

    `script` is the file that it stands in, "" for the text itself; `line` counts from 1. `files` are scripts that it
    starts (`widened`: may start), with `texts` that these, being no shell, may take for paths.
    """

    words: tuple[str, ...]
    folders: tuple[str, ...]
    reads: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    script: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    widened: bool = False
    path: str = ""
    texts: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The name of the program."""
        return self.words[0].rpartition("/")[2] if self.words else ""
