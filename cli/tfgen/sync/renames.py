"""What a person says of renamed templates: by flags, or when asked on a terminal."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen_generators.errors import UsageError
from tfgen_generators.sync.identity import Answers

if TYPE_CHECKING:
    from tfgen_generators.sync.identity import Question


def read_answers(root: Path, renamed: Sequence[str], gone: Sequence[str]) -> Answers:
    """Answers from `--renamed OLD=NEW` and `--gone PATH`; paths are relative to `root`. Raises UsageError."""
    pairs: dict[str, str] = {}
    for flag in renamed:
        old, new = _split(root, flag)
        if pairs.setdefault(old, new) != new:
            raise UsageError(
                f"--renamed {flag}: {old} is already renamed to {pairs[old]}", fix="use one --renamed for each path"
            )
    return Answers(renamed=pairs, gone=frozenset(_path(root, path) for path in gone))


def _path(root: Path, path: str) -> str:
    """Relative to the root, also what was given as an absolute path."""
    return posixpath.normpath(posixpath.relpath(path, root) if posixpath.isabs(path) else path)


def _split(root: Path, flag: str) -> tuple[str, str]:
    """OLD and NEW. A path may hold `=` itself: then the sign before the one that is there."""
    places = [number for number, sign in enumerate(flag) if sign == "="]
    pairs = [(_path(root, flag[:at]), _path(root, flag[at + 1 :])) for at in places]
    if not pairs or flag.startswith("=") or flag.endswith("="):
        raise UsageError(
            f"--renamed {flag} is not OLD_PATH=NEW_PATH", fix="use for example packer/a.json=packer/b.json"
        )
    return next((pair for pair in pairs if (root / pair[1]).exists() and not (root / pair[0]).exists()), pairs[0])


def can_ask() -> bool:
    """Whether somebody sits there who can answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def ask(questions: Sequence[Question], answers: Answers) -> Answers:
    """`answers` and what is said of the first question; the others may then be clear."""
    from tfgen.console import one_line, printable

    question = questions[0]
    found = [(match.new, f"{one_line(printable(match.new))} ({match.score}% similar)") for match in question.candidates]
    why = f" (git cannot say: {question.failure})" if not found else ""
    lines = [f"{one_line(printable(question.gone.path))} no longer exists. Which template is it now?{why}"]
    lines += [f"  {number}  {text}" for number, (_, text) in enumerate(found, 1)]
    lines.append(f"  {len(found) + 1}  none: delete its pipeline {question.gone.name}")
    sys.stdout.flush()
    sys.stderr.write("\n".join(lines) + "\n")
    number = _number(len(found) + 1)
    if number > len(found):
        return replace(answers, gone=answers.gone | {question.gone.path})
    return replace(answers, renamed={**answers.renamed, question.gone.path: found[number - 1][0]})


def _number(most: int) -> int:
    """A number from 1 to `most`, asked for until it comes. Raises KeyboardInterrupt at the end of the input."""
    while True:
        sys.stderr.write(f"Number (1 to {most}): ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        if line.strip().isascii() and line.strip().isdigit() and 1 <= int(line) <= most:
            return int(line)
