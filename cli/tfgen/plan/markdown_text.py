"""Text of others in Markdown: data, whatever it holds.

It stands in code spans, in which no host looks for links, mentions, issues or markup; the few characters that could end
one, or mean something before Markdown is read, are written as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Names in one sentence, bytes of one name, of an address, and of a link: they bound what is never cut.
_MOST_NAMES = 10
_MOST_BYTES = 80
MOST_ADDRESS = 300
_MOST_LINK = 500
#: What could end a code span or a table's cell, open a tag or a mention, or speak to the runner that reads the log.
_UNSAFE = re.compile(r"[`|<>@]|#(?=#)")
#: Words that mean nothing to Markdown or a host.
_PLAIN = re.compile(r"[a-z]+( [a-z(),-]+)*")
#: A CI run's address is a link as it is; another text is none.
_LINK = re.compile(r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~%/?=&:+#,;-]*)?")


def code(text: str, most: int = _MOST_BYTES) -> str:
    """`text` as a code span of at most `most` bytes within it."""
    safe = "".join(map(_visible, _UNSAFE.sub(_escape, text[:most].replace("\\", "\\\\"))))
    if len(text) > most or size(safe) > most:
        safe = safe.encode()[: most - 3].decode(errors="ignore") + "..."
    return f"`{safe}`" if safe.strip() else "`(no name)`"


def words(text: str) -> str:
    """`text` as it is when it is plain words, else as a code span."""
    return text if len(text) <= _MOST_BYTES and _PLAIN.fullmatch(text) else code(text)


def names(texts: Sequence[str]) -> str:
    """The first of `texts`, and how many more there are."""
    more = len(texts) - _MOST_NAMES
    return ", ".join(map(code, texts[:_MOST_NAMES])) + (f" and {more} more" if more > 0 else "")


def is_link(text: str) -> bool:
    """Whether `text` is an address that may stand in Markdown as it is."""
    return len(text) <= _MOST_LINK and _LINK.fullmatch(text) is not None


def size(text: str) -> int:
    """Bytes of UTF-8: never fewer than the characters, however a host counts these."""
    return len(text.encode())


def row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def fit(lines: Sequence[str], room: int) -> int:
    """How many of `lines`, from the first, take at most `room` bytes."""
    for number, line in enumerate(lines):
        room -= size(line) + 1
        if room < 0:
            return number
    return len(lines)


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match.group()):02x}"


def _visible(character: str) -> str:
    """Controls, line breaks, bidirectional and invisible characters as escapes."""
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
