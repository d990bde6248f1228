"""Terraform's machine-readable events (`plan -json`, `apply -json`), typed.

Sources: https://developer.hashicorp.com/terraform/internals/machine-readable-ui; for actions, which it does not
describe, Terraform 1.15.5, internal/command/views/json. Unknown fields are ignored, as that page asks; unknown events
are counted (unknown.py).
"""

from __future__ import annotations

import msgspec

#: What the event is called that holds the state when Terraform could write it nowhere.
EMERGENCY = "Emergency state dump"


class Resource(msgspec.Struct, frozen=True):
    addr: str


class Importing(msgspec.Struct, frozen=True):
    """What is imported: `id` is empty where the provider's identity is used."""

    id: str = ""


class Change(msgspec.Struct, frozen=True):
    """One planned (or drifted) change; `reason` is Terraform's word for why."""

    resource: Resource
    action: str
    reason: str = ""
    previous_resource: Resource | None = None
    importing: Importing | None = None


class Trigger(msgspec.Struct, frozen=True):
    """What triggers an action: the first two names are those of plans, the next two those of hooks."""

    triggering_resource: Resource | None = None
    triggering_event: str = ""
    resource: Resource | None = None
    trigger_event: str = ""
    on_failure: str = ""


class Planned(msgspec.Struct, frozen=True):
    """An action that is to be invoked: by a resource, or because a person asked for it."""

    action_addr: Resource
    lifecycle_trigger: Trigger | None = None


class Hook(msgspec.Struct, frozen=True):
    """Something that happens to one resource during apply or refresh, or an action that is invoked.

    `action` is what happens to the resource, or the action's address; `id_value` the resource's ID once it is made.
    """

    resource: Resource | None = None
    action: str | Resource = ""
    elapsed_seconds: float = 0
    id_value: str = ""
    lifecycle: Trigger | None = None

    @property
    def address(self) -> str:
        """The resource's, else the action's, else ""."""
        if self.resource is not None:
            return self.resource.addr
        return self.action.addr if isinstance(self.action, Resource) else ""

    @property
    def verb(self) -> str:
        """Terraform's word for what happens."""
        return self.action if isinstance(self.action, str) else "invoke"


class Found(msgspec.Struct, frozen=True):
    """What a `list` block has found."""

    address: str
    total: int = 0


class Position(msgspec.Struct, frozen=True):
    line: int


class Range(msgspec.Struct, frozen=True):
    filename: str
    start: Position


class FunctionCall(msgspec.Struct, frozen=True):
    called_as: str


class Value(msgspec.Struct, frozen=True):
    """What Terraform tells of a value that an expression names: of a sensitive one, that it is so."""

    statement: str = ""


class Snippet(msgspec.Struct, frozen=True):
    code: str
    start_line: int
    context: str | None = None
    values: tuple[Value, ...] | None = None
    function_call: FunctionCall | None = None


class Diagnostic(msgspec.Struct, frozen=True):
    """An error or a warning, in Terraform's words."""

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    range: Range | None = None
    snippet: Snippet | None = None


class Counts(msgspec.Struct, frozen=True):
    """Terraform's own count. It stands in manifests: a field more would be one that older manifests lack."""

    add: int = 0
    change: int = 0
    remove: int = 0
    imported: int = msgspec.field(name="import", default=0)


class Counted(Counts, frozen=True):
    """The same as events have it."""

    actions: int = msgspec.field(name="action_invocation", default=0)

    @property
    def counts(self) -> Counts:
        return Counts(add=self.add, change=self.change, remove=self.remove, imported=self.imported)


class Output(msgspec.Struct, frozen=True):
    """One output value of the root module; `action` is empty once it has been applied."""

    action: str = ""


class Event(msgspec.Struct, frozen=True):
    """One line of Terraform's stdout."""

    type: str = ""
    message: str = msgspec.field(name="@message", default="")
    change: Change | None = None
    hook: Hook | None = None
    diagnostic: Diagnostic | None = None
    policy_diagnostic: Diagnostic | None = None
    invocation: Planned | None = None
    list_complete: Found | None = None
    #: The version of the events themselves, in the first one.
    ui: str = ""
    changes: Counted | None = None
    outputs: dict[str, Output] | None = None
    #: The state itself, where Terraform could write it nowhere.
    state: msgspec.Raw = msgspec.Raw()
    #: Whether only `type` could be read: a known field has a form that tfgen does not know.
    odd: bool = msgspec.field(name="tfgen: odd", default=False)


class _Typed(msgspec.Struct, frozen=True):
    type: str = ""


_decoder = msgspec.json.Decoder(Event)
_typed = msgspec.json.Decoder(_Typed)


def read_event(line: bytes) -> Event | None:
    """The event in one line, `odd` when no more than its type can be read; None when the line is something else."""
    if not line.startswith(b"{"):
        return None
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return Event(type=_typed.decode(line).type, odd=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def wording(diagnostic: Diagnostic) -> str:
    """The diagnostic as Terraform's own output words it."""
    lines = [f"{diagnostic.severity.capitalize()}: {diagnostic.summary}"]
    if diagnostic.address:
        lines += ["", f"  with {diagnostic.address},"]
    elif diagnostic.range:
        lines.append("")
    if diagnostic.range:
        place = f"  on {diagnostic.range.filename} line {diagnostic.range.start.line}"
        context = diagnostic.snippet.context if diagnostic.snippet else None
        lines.append(f"{place}, in {context}:" if context else f"{place}:")
    if diagnostic.snippet:
        number = diagnostic.snippet.start_line
        lines += [f"{number + i:4}: {code}" for i, code in enumerate(diagnostic.snippet.code.splitlines())]
    if diagnostic.detail:
        lines += ["", diagnostic.detail]
    bar = "\n".join(f"│ {line}".rstrip() for text in lines for line in (text.splitlines() or [""]))
    return f"╷\n{bar}\n╵"
