"""Terraform's machine-readable events (`plan -json`, `apply -json`), typed.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui. Unknown events and fields are
ignored, as that page asks.
"""

from __future__ import annotations

import msgspec

#: What the event is called that holds the state when Terraform could write it nowhere.
EMERGENCY = "Emergency state dump"


class Resource(msgspec.Struct, frozen=True):
    addr: str


class Change(msgspec.Struct, frozen=True):
    """One planned (or drifted) change; `reason` is Terraform's word for why."""

    resource: Resource
    action: str
    reason: str = ""
    previous_resource: Resource | None = None


class Hook(msgspec.Struct, frozen=True):
    """Something that happens to one resource during apply or refresh."""

    resource: Resource
    action: str = ""
    elapsed_seconds: float = 0


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
    add: int = 0
    change: int = 0
    remove: int = 0
    imported: int = msgspec.field(name="import", default=0)


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
    changes: Counts | None = None
    outputs: dict[str, Output] | None = None
    #: The state itself, where Terraform could write it nowhere.
    state: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(Event)


def read_event(line: bytes) -> Event | None:
    """The event in one line; None when the line is something else."""
    if not line.startswith(b"{"):
        return None
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, RecursionError):
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
