"""The shapes of resolving: what is loaded as one unit, and what it leaves for others to find."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.model import DYNAMIC, Reference
from tfgen_generators.paths.model import Edge, MissingReference

#: Names of a pending reference, each with a file that it means.
Matches = tuple[tuple[str, str], ...]


class EntryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The files with which a role starts: `tasks_from`, `vars_from`, ...; "" is `main`."""

    tasks: str = ""
    vars: str = ""
    defaults: str = ""
    handlers: str = ""

    def text(self) -> str:
        """As a part of a unit's key."""
        written = ((name, getattr(self, name)) for name in ("tasks", "vars", "defaults", "handlers"))
        return "".join(f" {name}_from={value}" for name, value in written if value).replace("\0", "*")


class PendingReference(msgspec.Struct, frozen=True):
    """A reference that the roles which lead to a unit, or the playbook's folders, may resolve too."""

    ref: Reference
    names: tuple[str, ...]
    source: str
    #: It is no error when none of them does: the unit itself resolves it, or it is one of several.
    optional: bool = False
    #: Only the roles are searched: they come before the folder in which the unit resolves it.
    only_roles: bool = False


class LoadedUnit(msgspec.Struct, kw_only=True):
    """What Ansible loads together: a playbook (`playbook` is its path), a role (`role` its folder), variables, ..."""

    key: str
    #: The key of the role or playbook of which the unit acts as a part.
    owner: str = ""
    playbook: str = ""
    role: str = ""
    basedirs: tuple[str, ...] = ()
    files: dict[str, Edge] = msgspec.field(default_factory=dict)
    #: References to roles and to playbooks, each with the file that has it.
    roles: list[tuple[Reference, str]] = msgspec.field(default_factory=list)
    playbooks: list[tuple[Reference, str]] = msgspec.field(default_factory=list)
    pending: list[PendingReference] = msgspec.field(default_factory=list)
    #: Names that may be collections, each with the file that has it.
    possible_collections: dict[str, str] = msgspec.field(default_factory=dict)
    collections: tuple[str, ...] = ()
    path_values: dict[str, None] = msgspec.field(default_factory=dict)
    missing: list[MissingReference] = msgspec.field(default_factory=list)
    #: Whether a pending reference is lazy; whether a name of one starts with a dynamic part.
    has_lazy: bool = False
    has_dynamic_start: bool = False

    def finished(self) -> LoadedUnit:
        """Itself, once all its files are read."""
        self.has_lazy = any(pending.ref.lazy for pending in self.pending)
        self.has_dynamic_start = any(name.startswith(DYNAMIC) for one in self.pending for name in one.names)
        return self
