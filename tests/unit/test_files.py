"""The reader of all files."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tfgen_generators.trees.files import MOST_BYTES, NotAFileError, digest_of, read_bytes, read_text


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        os.chdir(path.parent)  # its name must be short
        bound.bind(path.name)


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "an empty device": lambda path: path.symlink_to(os.devnull),
    "a pipe": os.mkfifo,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("read", [read_bytes, read_text, digest_of])
def test_what_is_no_file(
    tmp_path: Path, kind: str, read: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    NO_FILES[kind](tmp_path / "x")
    with pytest.raises(OSError, match=r"x"):
        read(tmp_path / "x")


def test_a_pipe_is_told_from_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x")
    with pytest.raises(NotAFileError, match="not a regular file"):
        read_bytes(tmp_path / "x")


@pytest.mark.parametrize("data", [b"", b"a", b"a\r\nb\xff", b"x" * (3 << 20)])
def test_a_file(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(data)
    (tmp_path / "link").symlink_to("x")
    assert read_bytes(tmp_path / "link") == read_bytes(f"{file}") == data
    assert read_text(file) == data.decode("utf-8", "replace").replace("\r\n", "\n")
    assert digest_of(file) == hashlib.sha256(data).hexdigest()


def test_what_says_that_it_is_empty() -> None:
    assert read_bytes("/proc/self/stat").startswith(str(os.getpid()).encode())


def test_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    os.truncate(file, MOST_BYTES)
    assert len(read_bytes(file)) == MOST_BYTES
    os.truncate(file, MOST_BYTES + 1)
    for read in (read_bytes, lambda path: digest_of(path, MOST_BYTES)):
        with pytest.raises(OSError, match="larger than 16 MB; not read"):
            read(file)
    assert digest_of(file) == hashlib.sha256(bytes(MOST_BYTES + 1)).hexdigest()
