"""What stands together: a playbook, a role as it is entered, or tasks that a role finds outside of itself."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.model import DYNAMIC, Ref
from tfgen_generators.paths.model import Gap, Hop


class Froms(msgspec.Struct, frozen=True, kw_only=True):
    """The files by which a role is entered: `tasks_from` and its like, "" for main."""

    tasks: str = ""
    vars: str = ""
    defaults: str = ""
    handlers: str = ""

    def text(self) -> str:
        """As a part of a key."""
        written = ((name, getattr(self, name)) for name in ("tasks", "vars", "defaults", "handlers"))
        return "".join(f" {name}_from={value}" for name, value in written if value).replace("\0", "*")


class Open(msgspec.Struct, frozen=True):
    """A name that also, or only, the roles that led here or the playbook's folder may answer."""

    ref: Ref
    names: tuple[str, ...]
    source: str
    #: Nothing is amiss when nobody answers: it is found in the part itself, or is one of several.
    found: bool = False
    #: Only roles that led here are asked before the folder in which it is found.
    above: bool = False


class Part(msgspec.Struct, kw_only=True):
    """One unit to be: its files and what it names beyond them. `role` is "" in a playbook, whose path is `playbook`."""

    key: str
    playbook: str = ""
    role: str = ""
    bases: tuple[str, ...] = ()
    files: dict[str, Hop] = msgspec.field(default_factory=dict)
    roles: list[tuple[Ref, str]] = msgspec.field(default_factory=list)
    playbooks: list[tuple[Ref, str]] = msgspec.field(default_factory=list)
    open: list[Open] = msgspec.field(default_factory=list)
    #: What may be a collection, and the file that says so.
    spaces: dict[str, str] = msgspec.field(default_factory=dict)
    collections: tuple[str, ...] = ()
    paths: dict[str, None] = msgspec.field(default_factory=dict)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    #: Whether variables of it name files wherever they are used; whether a name starts with a variable.
    roams: bool = False
    guesses: bool = False

    def sealed(self) -> Part:
        """Itself, once all its files are read."""
        self.roams = any(opened.ref.roaming for opened in self.open)
        self.guesses = any(name.startswith(DYNAMIC) for opened in self.open for name in opened.names)
        return self
