"""The progress bar of `tfgen status`: on a terminal, above a second, on stderr alone."""

from __future__ import annotations

import contextlib
import os
import pty
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfgen.status.reading import progress
from tfgen.status.reading.progress import Progress


@contextlib.contextmanager
def _terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """stderr is a terminal; what it shows is read from its other end. No fixture: pytest's capture would win."""
    shown, slave = pty.openpty()
    os.set_blocking(shown, False)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(slave, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        yield shown
    os.close(shown)


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 1 << 20).decode()
    except BlockingIOError:
        return ""


def _wait_for(terminal: int, text: str) -> str:
    found = ""
    for _ in range(500):
        found += _read(terminal)
        if text in found:
            return found
        time.sleep(0.01)
    raise AssertionError(found)


def test_a_bar_above_a_second(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert progress._PATIENCE == 1.0
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    with _terminal(monkeypatch) as terminal:
        with Progress() as bar:
            bar.begin(4)
            bar.tick()
            assert "reading pipelines" in _wait_for(terminal, "25%")
            bar.say("comparing with HEAD")
            _wait_for(terminal, "comparing with HEAD")
            print("{}")
        assert _read(terminal).rstrip("\r\n").endswith("\x1b[2K"), "the bar is erased"
    assert capsys.readouterr().out == "{}\n"


def test_nothing_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with _terminal(monkeypatch) as terminal:
        with Progress() as bar:
            bar.begin(1)
            bar.tick()
        assert _read(terminal) == ""


def test_nothing_when_nobody_wants_it_or_on_a_terminal_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with _terminal(monkeypatch) as terminal:
        with Progress(is_wanted=False):
            time.sleep(0.05)
        monkeypatch.setenv("TERM", "dumb")
        with Progress():
            time.sleep(0.05)
        assert _read(terminal) == ""


def test_nothing_in_a_pipe_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with (tmp_path / "stderr").open("w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with Progress() as bar:
            bar.begin(1)
            time.sleep(0.05)
            bar.tick()
    assert (tmp_path / "stderr").read_text() == ""
