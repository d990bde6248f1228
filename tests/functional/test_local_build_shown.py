"""`tfgen build --local`: how the log is shown while it grows, and that a flood holds nothing up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.functional.local_builds import estate, spec
from tfgen.codebuild.processes import LogView


@pytest.fixture
def log(tmp_path: Path) -> Iterator[tuple[LogView, int]]:
    """A log's view, and the descriptor that writes the log."""
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    view = LogView(path, descriptor)
    yield view, descriptor
    view.close()
    os.close(descriptor)


def test_a_line_of_tfgens_own_starts_a_line(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["printf 'no end'", "printf '\\nnext\\n'"]))
    outcome = built.outcome()
    text = Path(outcome["log"]).read_text()
    assert re.search(r"^no end\n\[tfgen\] Running command .*\n\nnext\n\[tfgen\] Phase complete", text, re.MULTILINE)
    shown = built.build().expect(0).err
    assert re.search(r"^no end\n\[tfgen\] Running command .*\n\nnext\n\[tfgen\] Phase complete", shown, re.MULTILINE)


def test_showing_ends_while_the_log_still_grows(
    log: tuple[LogView, int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    view, descriptor = log
    shown = []

    def talk(text: str, _style: str = "") -> None:
        shown.append(text)
        assert len(shown) < 100, "a signal would never be looked at"
        os.write(descriptor, b"more\n")

    with monkeypatch.context() as patched:
        patched.setattr("tfgen.codebuild.processes.talk", talk)
        os.write(descriptor, b"first\n")
        view.look(whole=True)
        assert shown == ["first"]
    view.look()
    assert capfd.readouterr().err == "more\n"


def test_of_a_flood_that_is_faster_the_end_is_shown(
    log: tuple[LogView, int], capfd: pytest.CaptureFixture[str]
) -> None:
    view, descriptor = log
    os.write(descriptor, b"start\n")
    view.look()
    os.truncate(descriptor, 20_000_000)
    os.write(descriptor, b"\nend\n")
    view.look(whole=True)
    said = capfd.readouterr().err
    assert said.startswith("start\n[tfgen] 19 MB of output not shown; see the log\n")
    assert said.endswith("\nend\n")
    assert view.last == "end"
