"""Differences between a value that a file decides and the one that AWS has. What is not decided is never compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import is_decided
from tfgen_generators.packer.syntax.values import Value

Between = Literal["template/file", "file/aws", "ami/code"]
#: What stands for a value that may be a secret, or for one that is not there.
HIDDEN, ABSENT = "(not shown)", "(none)"
_DIFFERS = "(differs, not shown)"
_LONGEST = 300
#: Wider than what lint calls a secret: it costs nothing to leave a value out.
_SECRET_NAME = re.compile(
    r"pass|secret|token|key|credential|auth|pwd|private|cert|salt|seed|webhook|dsn", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"A[KS]IA[A-Z0-9]{16}|PRIVATE KEY|gh[pousr]_\w{20}|github_pat_|xox[abprs]-|eyJ\w{10}|://[^/\s]*@"
)


class Differences:
    """The differences of one thing in AWS, such as `project web-ami-pipeline`."""

    def __init__(self, what: str, between: Between = "file/aws") -> None:
        self.what, self.between = what, between
        self.found: list[Drift] = []

    def say(self, field: str, expected: str, found: str) -> None:
        """Notes a difference."""
        self.found.append(
            Drift(between=self.between, what=self.what, field=field, expected=_cut(expected), found=_cut(found))
        )

    def of(self, field: str, expected: Value, found: object) -> None:
        """One value."""
        if is_decided(expected) and as_text(expected) != as_text(found):
            self.say(field, as_text(expected) or ABSENT, as_text(found) or ABSENT)

    def of_all(self, field: str, expected: Value, found: Iterable[object]) -> None:
        """Values whose order does not matter."""
        wanted = sorted(map(as_text, expected)) if isinstance(expected, list) else []
        have = sorted(map(as_text, found))
        if is_decided(expected) and wanted != have:
            self.say(field, ", ".join(wanted) or ABSENT, ", ".join(have) or ABSENT)

    def tags(self, expected: Value, found: Mapping[str, str] | None) -> None:
        """The tags that the block gives: others come from the provider's default_tags, which only its run knows."""
        for key, value in expected.items() if isinstance(expected, dict) and found is not None else ():
            self.of(f"tags.{key}", value, found.get(key) if found else None)

    def variable(self, name: str, expected: str | None, found: str | None) -> None:
        """An environment variable, by kind and value; a value that may be a secret is never shown."""
        if expected == found:
            return
        if is_secret(name, expected) or is_secret(name, found):
            shown = [ABSENT if one is None else HIDDEN for one in (expected, found)]
            self.say(f"environment.{name}", shown[0], _DIFFERS if None not in (expected, found) else shown[1])
        else:
            self.say(f"environment.{name}", *(ABSENT if one is None else one or '""' for one in (expected, found)))

    def document(self, field: str, expected: Value, found: Mapping[str, Any] | None) -> None:
        """A policy or a pattern in JSON; of a policy each statement is compared by its Sid."""
        wanted = _decoded(expected)
        if wanted is None or found is None:
            return
        first, second = _statements(wanted), _statements(found)
        for key in sorted(first.keys() | second.keys()):
            one, other = first.get(key), second.get(key)
            if one is None or other is None:
                self.say(f"{field}{key}", *(ABSENT if each is None else _words(each) for each in (one, other)))
            elif one != other:
                for part in sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k)):
                    self.say(f"{field}{key}.{part}", *(_words(each.get(part)) for each in (one, other)))


def is_secret(name: str, value: str | None) -> bool:
    """Whether a variable's value may be a secret."""
    return bool(_SECRET_NAME.search(name)) or bool(value and _SECRET_VALUE.search(value))


def as_text(value: object) -> str:
    """A value as AWS and Terraform both would write it; "" where there is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value))
    return "" if value is None else str(value)


def same_document(expected: str, found: str) -> bool:
    """Whether two JSON texts say the same, whatever the order of their keys and lists."""
    try:
        return bool(_plain(json.loads(expected)) == _plain(json.loads(found)))
    except ValueError:
        return expected == found


def _decoded(expected: Value) -> Mapping[str, Any] | None:
    if not isinstance(expected, str) or not is_decided(expected):
        return None
    try:
        found = json.loads(expected)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _statements(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By Sid, or by number without one; a document that is no policy is one statement."""
    listed = document.get("Statement", [])
    listed = listed if isinstance(listed, list) else [listed]
    found: dict[str, dict[str, Any]] = {}
    for number, each in enumerate(listed, 1):
        if isinstance(each, dict):
            found[f" {each.get('Sid') or number}"] = {key: _plain(value) for key, value in each.items()}
    rest = {key: _plain(value) for key, value in document.items() if key not in ("Statement", "Id")}
    return {**found, "": rest}


def _plain(value: object) -> object:
    """Without what IAM does not distinguish: the order of a list, and a list of one."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        inner = sorted((_plain(one) for one in value), key=_words)
        return inner[0] if len(inner) == 1 else inner
    return as_text(value) if isinstance(value, bool | int) else value


def _words(value: object) -> str:
    return ABSENT if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
