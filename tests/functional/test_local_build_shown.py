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


CURL = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\\n"
    "\\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"
    "\\r100  1256  100  1256    0     0   5432      0 --:--:-- --:--:-- --:--:--  5432\\n"
)


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (f"cannot find the key\\n{CURL}", "exit status 4: cannot find the key"),
        (f"{CURL}curl: (6) Could not resolve host: example.com\\n", "exit status 4: curl: (6) Could not resolve host"),
        (CURL, "exit status 4"),
        ("10%\\r50%\\rfailed: the disk is full\\n", "exit status 4: failed: the disk is full"),
        ("5 != 6\\n", "exit status 4: 5 != 6"),
        ("the reason\\r\\n", "exit status 4: the reason"),
    ],
)
def test_a_progress_is_no_reason(printed: str, reason: str, repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=[f"printf '{printed.replace('%', '%%')}'; exit 4"]))
    result = built.build().expect(1)
    (line,) = [line for line in result.err.splitlines() if line.startswith("error: web")]
    assert reason in line
    assert "--:--" not in line
    assert "\\x0d" not in result.err
