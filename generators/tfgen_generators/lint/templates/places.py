"""Where something stands in a template, or in a file."""

from __future__ import annotations

import re

from tfgen_generators.lint.scope import Scope


def place_of(scope: Scope, path: str, *words: str) -> tuple[str, int]:
    """The file and line of the first of `words` that the template at `path` has; the template itself without any."""
    members = next((one.members for one in scope.templates if one.path == path), (path,))
    for word in words:
        for member in members:
            if line := line_in(scope.read(member), word):
                return member, line
    return members[0] if members else path, 0


def line_in(data: bytes, word: str) -> int:
    """The first line on which `word` stands as a whole word, comments left out; 0 when it stands nowhere."""
    pattern = re.compile(rb"(?<![\w-])" + re.escape(word.encode("utf-8", "surrogateescape")) + rb"(?![\w-])")
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.lstrip().startswith((b"#", b"//")) and pattern.search(line):
            return number
    return 0
