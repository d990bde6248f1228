"""What is kept of one run of Terraform: bounded, whatever Terraform says and however much."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Iterator

import msgspec

from tfgen.terraform.reports.actions import Invocation, hooked_invocation
from tfgen.terraform.reports.events import EMERGENCY, Diagnostic, Event, Hook, read_event
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.plan import image_of, owner_of
from tfgen.terraform.reports.summarizer import Summarizer
from tfgen.terraform.reports.unknown import NO_EVENT
from tfgen_generators.errors import TerraformError

#: How many errors, and how many warnings, are shown; the log has them all.
MOST_DIAGNOSTICS = 100
#: How many characters of a diagnostic's detail, and of a line that is no event, are kept.
LONGEST_TEXT = 16_000
_OTHER_LINES = 40
_MOST_FAILED = 100
#: The version of the events that is known; a higher second number only adds to it.
_EVENTS = "1"
#: How many resources one planned change makes apply report: a replacement is a destruction and a creation.
STEPS = {"create": 1, "update": 1, "delete": 1, "replace": 2}
#: Warnings of a plan that was limited on purpose; tfgen says it in its own words.
_OF_TARGETS = ("Resource targeting is in effect", "Applied changes may be incomplete")
_AFTER_WARNING = re.compile(rb"(?:Warning|Error): |Initializing |(?:Terraform|OpenTofu) has |- ")


class Record:
    """Is fed each line of stdout; what was applied is counted by image. `actions` are what an apply is to invoke."""

    def __init__(self, modules: RootModules, *, targeted: bool = False, actions: Iterable[Invocation] = ()) -> None:
        self.summarizer = Summarizer(modules.images, modules.shared)
        self.diagnostics: list[Diagnostic] = []
        self.dropped: collections.Counter[str] = collections.Counter()
        self.in_flight: dict[str, str] = {}
        self.began = False
        self.unsaved_state = b""  # all of it, where Terraform could write it nowhere
        self.failed_actions: list[tuple[str, Invocation]] = []  # with their images
        self.too_much: TerraformError | None = None  # or what cannot be understood at all
        self._speaks = False
        self._actions = tuple(actions)
        self._triggers = frozenset(action.resource for action in self._actions)
        self._triggered: set[str] = set()
        self._invoked: set[tuple[str, str, str]] = set()
        self._other: collections.deque[bytes] = collections.deque(maxlen=_OTHER_LINES)
        self._shared, self._targeted = modules.shared, targeted
        self._done: collections.Counter[str] = collections.Counter()
        self._planned: collections.Counter[str] = collections.Counter()
        self._seen: set[Diagnostic] = set()
        self._warnings = _Warnings()

    def line(self, data: bytes) -> Event | None:
        """Takes one line of stdout; gives the event in it."""
        event = read_event(data)
        if event is None:
            if data.startswith(b"{") or (self._speaks and data.strip()):
                self.summarizer.unknown.add(NO_EVENT)
            self._other.append(data[:LONGEST_TEXT])
            self._warnings.add(data)
            return None
        self._speaks = True
        self._add(event)
        if event.diagnostic is not None:
            self._diagnostic(event.diagnostic)
        elif event.policy_diagnostic is not None:
            policy = event.policy_diagnostic
            self._diagnostic(msgspec.structs.replace(policy, severity=f"policy {policy.severity}"))
        elif event.message == EMERGENCY and event.state:
            self.unsaved_state = bytes(event.state)
        elif event.hook is not None:
            self._hook(event.type, event.hook)
        elif event.type == "planned_change" and event.change and (steps := STEPS.get(event.change.action)):
            self._planned[image_of(event.change.resource.addr, self._shared)] += steps
        return event

    def errors(self) -> list[Diagnostic]:
        """The errors, each once."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]

    def warnings(self) -> list[str]:
        """The warnings of a command that knows no events (init), as Terraform words them."""
        return ["\n".join(lines).rstrip() for lines in self._warnings.found]

    def other(self) -> str:
        """The last lines that were no events."""
        return "\n".join(_text(line) for line in self._other)

    def has_changes(self) -> bool:
        """Whether Terraform's own summary counts any."""
        counts = self.summarizer.counts
        return any((counts.add, counts.change, counts.remove, counts.imported, counts.actions))

    @property
    def done(self) -> int:
        """How many resources have been made, changed or destroyed."""
        return self._done.total()

    def applied(self) -> Iterator[str]:
        """`db (2 of 2)` for each image that something was done to, by name."""
        for image in sorted(self._done):
            yield f"{image} ({self._done[image]} of {max(self._planned[image], self._done[image])})"

    def missed_actions(self) -> Iterator[tuple[str, Invocation]]:
        """What was not invoked although the change that it follows was made, with its image."""
        for action in self._actions:
            follows = action.event.startswith("After") and action.resource in self._triggered
            if follows and (action.address, action.event, action.resource) not in self._invoked:
                yield owner_of(action, self._shared), action

    def _add(self, event: Event) -> None:
        if event.ui and event.ui.partition(".")[0] != _EVENTS and self.too_much is None:
            self.too_much = TerraformError(
                f"{event.message} reports in format {event.ui}, and this tfgen knows {_EVENTS}.x",
                fix="use a newer tfgen, or an older Terraform (--terraform PATH)",
            )
        if self.too_much is None:
            try:
                self.summarizer.add(event)
            except TerraformError as error:
                self.too_much, self.summarizer = error, Summarizer()

    def _hook(self, kind: str, hook: Hook) -> None:
        address = hook.address
        if kind in ("apply_start", "action_start"):
            self.began = True
            self.in_flight[address] = hook.verb
        elif kind in ("apply_complete", "apply_errored", "action_complete", "action_errored"):
            self.in_flight.pop(address, None)
        if kind == "apply_complete" and hook.verb != "read":
            self._done[image_of(address, self._shared)] += 1
            self._triggered |= self._triggers & {address}
        elif kind in ("action_complete", "action_errored"):
            ended = hooked_invocation(address, hook.lifecycle)
            self._invoked.add((address, ended.event, ended.resource))
            if kind == "action_errored" and len(self.failed_actions) < _MOST_FAILED:
                self.failed_actions.append((owner_of(ended, self._shared), ended))

    def _diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity == "warning" and self._targeted and diagnostic.summary in _OF_TARGETS:
            return
        kept = _shortened(diagnostic)
        if kept in self._seen:
            return
        if sum(other.severity == kept.severity for other in self.diagnostics) >= MOST_DIAGNOSTICS:
            self.dropped[kept.severity] += 1
            return
        self._seen.add(kept)
        self.diagnostics.append(kept)


class _Warnings:
    """Finds the warnings among plain lines, up to the next thing that Terraform says."""

    def __init__(self) -> None:
        self.found: list[list[str]] = []
        self._open = False

    def add(self, line: bytes) -> None:
        begins = line.startswith(b"Warning: ")
        if not (begins or self._open):  # the most lines by far
            return
        if begins and len(self.found) < MOST_DIAGNOSTICS:
            self._open = True
            self.found.append([])
        elif _AFTER_WARNING.match(line) or len(self.found[-1]) >= _OTHER_LINES:
            self._open = False
        if self._open:
            self.found[-1].append(_text(line[:LONGEST_TEXT]))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _shortened(diagnostic: Diagnostic) -> Diagnostic:
    snippet = diagnostic.snippet
    if snippet is not None and len(snippet.code) > LONGEST_TEXT:
        snippet = msgspec.structs.replace(snippet, code=snippet.code[:LONGEST_TEXT])
    return msgspec.structs.replace(
        diagnostic,
        summary=_cut(diagnostic.summary),
        detail=_cut(diagnostic.detail),
        snippet=snippet,
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} ... (cut; see the log)"
