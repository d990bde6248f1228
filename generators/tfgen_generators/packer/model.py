"""What discovery says of a Packer folder."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

import msgspec

Format = Literal["json", "hcl2", "hcl2-json"]
Kind = Literal["file", "directory"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a template; `line` is 1-based, 0 when the whole file is meant."""

    path: str
    line: int = 0
    message: str
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.message}" + (f"; {self.fix}" if self.fix else "")


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What a user gives to `packer build`: a file, or a folder of files that need each other.

    `path` is relative to the repository root, with `/`. `name` is its identity: the one that tfgen.toml pins to the
    path, else the path's own. `members` are its files, `digest` the SHA-256 (hex) of their bytes. A template with
    `errors` is listed, never generated.

    One of several images of a template has the `source` that its variant has, else that is "".
    """

    name: str
    path: str
    format: Format
    kind: Kind
    builders: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    digest: str = ""
    errors: tuple[Problem, ...] = ()
    source: str = ""
    var_file: str = ""
    var_digest: str = ""
    #: What its files say beyond that, encoded, in the order of `members` (see details.py, describe.py).
    details: tuple[bytes, ...] = ()

    @property
    def identity(self) -> str:
        """What a pipeline belongs to, which its generated file names: the variant's source, else the path."""
        return self.source or self.path

    @property
    def mark(self) -> str:
        """A digest by which an image is known again without git."""
        return hashlib.sha256(f"{self.digest}:{self.var_digest}".encode()).hexdigest() if self.source else self.digest


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that is no template, and why. `alike`: it has Packer's ending, or builders."""

    path: str
    reason: str
    alike: bool = False


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """All that stands below one Packer folder, sorted by path."""

    templates: tuple[Template, ...]
    skipped: tuple[Skipped, ...]
    #: Paths (files or whole folders) that could not be read: what they hold is unknown, so nothing
    #: generated from them may be deleted.
    unreadable: tuple[Problem, ...] = ()
    #: Every folder that was looked into.
    folders: tuple[str, ...] = ()
    #: Whether it made a difference what git tracks.
    asked_git: bool = False
    #: Paths of templates that tfgen.toml's `ignore` leaves out.
    ignored: frozenset[str] = frozenset()
    #: What decided it beside the folders and the candidates' own bytes, ignore files (in full) and files of values, and
    #: whether each was there. None where links did too.
    other_files: dict[str, bool] | None = {}


GENERATOR_INPUT = "input of a generator (Jinja or Go template)"
#: What only the input of a generator (Jinja, Go templates, ERB) has: statements, and values outside of quotes.
_STATEMENT = re.compile(r"\{%-?\s*(?:if|for|set|macro|include|import|from|block|extends|raw|with)\b|<%[=-]?\s")
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*+("?)')
#: But not Packer's own functions, whose opening quote is missing.
_VALUE = re.compile(r"\{\{-?\s*(?!(?:user|env|timestamp|isotime|template_dir|pwd|uuid|build_\w+)\b)[.$A-Za-z_]")


def is_generator_input(text: str) -> bool:
    """Whether a text that cannot be parsed is meant for a template engine first."""
    return bool(_STATEMENT.search(text) or _VALUE.search(_STRING.sub(_without_text, text)))


def _without_text(string: re.Match[str]) -> str:
    return '""' if string[1] else string[0]


class BrokenTemplateError(Exception):
    """A template's text cannot be read; `line` is 1-based."""

    def __init__(self, message: str, line: int, fix: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.fix = message, line, fix


class NotATemplateError(Exception):
    """The file is something else; the message is the reason that `list` shows."""
