"""Comments that switch a rule off for one place: `# tfgen:ignore RULE-ID reason`.

A comment that stands alone is about the next line that is no comment; one behind something is about its own line. JSON
has no comments: there `"_comment": "tfgen:ignore RULE-ID reason"` (`"//"` in HCL2's JSON) is about the whole file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import msgspec

MARK = b"tfgen:ignore"

_COMMENT = re.compile(r"(?:^|\s)(?:#|//)\s*tfgen:ignore(?![\w:-])(.*)$")
_JSON = re.compile(r'"(?:_[^"\\]*|//)"\s*:\s*("(?:\\.|[^"\\])*")')
_JSON_TEXT = re.compile(r"\s*tfgen:ignore(?![\w:-])(.*)$", re.DOTALL)
_RULES = re.compile(r"\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(?=[\s:]|$)")


class Ignore(msgspec.Struct, frozen=True, kw_only=True):
    """One comment: it stands at `line`, and is about the line `target` (0: about the whole file).

    `rules` or `reason` is empty where the comment has none. `span` are the bytes that go with it when it is removed
    (empty in JSON).
    """

    path: str
    line: int
    target: int
    rules: tuple[str, ...]
    reason: str
    span: tuple[int, int] = (0, 0)

    def covers(self, rule: str, line: int) -> bool:
        """Whether it switches off what `rule` found at `line`."""
        return rule in self.rules and self.target in (0, max(line, 1))


def ignores_in(path: str, data: bytes) -> tuple[Ignore, ...]:
    """Every such comment in a file, in order."""
    if MARK not in data:
        return ()
    if path.endswith(".json"):
        return tuple(_in_json(path, data.decode("utf-8-sig", "replace")))
    return tuple(_in_lines(path, data))


def _in_json(path: str, text: str) -> Iterator[Ignore]:
    for match in _JSON.finditer(text):
        try:
            said = _JSON_TEXT.match(json.loads(match.group(1)))
        except ValueError:
            continue
        if said:
            rules, reason = _read(said.group(1))
            line = text.count("\n", 0, match.start(1)) + 1
            yield Ignore(path=path, line=line, target=0, rules=rules, reason=reason)


def _in_lines(path: str, data: bytes) -> Iterator[Ignore]:
    # One character a byte, so that positions are offsets; a reason is decoded by itself.
    whole = _lines(data)
    lines = [line.rstrip("\r\n").removeprefix("\xef\xbb\xbf") for line in whole]
    head = next((number for number, line in enumerate(lines, start=1) if not _is_blank(line)), len(lines) + 1)
    following = _following(lines)
    start = 0
    for number, (kept, line) in enumerate(zip(whole, lines, strict=True), start=1):
        if match := _COMMENT.search(line):
            rules, reason = _read(match.group(1).encode("latin-1").decode("utf-8", "replace"))
            alone = not line[: match.start()].strip()
            first = start + (3 if kept.startswith("\xef\xbb\xbf") else 0)
            span = (first, start + len(kept)) if alone else _behind(line, match.start(), first)
            targets = {following[number] if alone else number}
            if alone and number <= head:
                targets.add(1)  # what has no line of its own is found at the first
            for target in sorted(targets):
                yield Ignore(path=path, line=number, target=target, rules=rules, reason=reason, span=span)
        start += len(kept)


def _lines(data: bytes) -> list[str]:
    text = data.decode("latin-1")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [text.rpartition("\n")[2]]


def _behind(line: str, at: int, first: int) -> tuple[int, int]:
    """A comment behind something, with the blanks before it."""
    return first + len(line[:at].rstrip()), first + len(line)


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("#", "//")) or line.strip() == "---"


def _following(lines: list[str]) -> list[int]:
    """For each line the next one that is no comment; where there is none, itself."""
    found = list(range(len(lines) + 1))
    after = 0
    for number in range(len(lines), 0, -1):
        found[number] = after or number
        if not _is_blank(lines[number - 1]):
            after = number
    return found


def _read(text: str) -> tuple[tuple[str, ...], str]:
    match = _RULES.match(text)
    if not match:
        return (), ""
    reason = text[match.end() :].strip().lstrip(":-\u2013\u2014 ").strip()
    return tuple(re.split(r"\s*,\s*", match.group(1))), reason if any(map(str.isalnum, reason)) else ""
