"""The bytes of git's objects as they are stored: no filter, no attribute and no replacement has a say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tfgen.git.repository import run_git


def read_blobs(root: Path, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Each of `blobs` that git has, with its bytes, by one process. Raises NoAnswerError."""
    output = run_git(root, "cat-file", "--batch", given=_lines(blobs)) if blobs else b""
    start = 0
    for blob in blobs:
        end = output.index(b"\n", start)
        _, kind, *size = output[start:end].split(b" ")
        start = end + 1
        if size and kind == b"blob":
            yield blob, output[start : start + int(size[0])]
        if size:
            start += int(size[0]) + 1


def blob_sizes(root: Path, blobs: Sequence[str]) -> dict[str, int]:
    """The size of each of `blobs` that git has, in bytes. Raises NoAnswerError."""
    output = run_git(root, "cat-file", "--batch-check", given=_lines(blobs)) if blobs else b""
    answers = zip(blobs, (line.split(b" ") for line in output.splitlines()), strict=False)
    return {blob: int(words[2]) for blob, words in answers if words[1:2] == [b"blob"]}


def _lines(blobs: Sequence[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs).encode()
