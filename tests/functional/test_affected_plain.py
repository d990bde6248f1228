"""`tfgen affected` with plain options is answered without the app, and in the same way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfgen.affected.answer import Options, plain_options
from tfgen.main import run

_GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid")
_PLAIN: tuple[list[str], ...] = (
    [],
    ["--base", "main"],
    ["--base=main", "--why"],
    ["--head", "v1.5", "--base", "v1.4", "--include-children"],
    ["--format", "names"],
    ["--format=matrix", "--base", "a=b"],
)
#: What the app reads, or refuses.
_LEFT = (
    ["--help"],
    ["-h"],
    ["--why=yes"],
    ["--format", "yaml"],
    ["--format"],
    ["--base", ""],
    ["--base", "--why"],
    ["--base", "a", "--base", "b"],
    ["--why", "--why"],
    ["web"],
    ["--", "--why"],
)


@pytest.fixture
def app_options(monkeypatch: pytest.MonkeyPatch) -> list[Options]:
    """What the app makes of the options."""
    found: list[Options] = []

    def answer(options: Options) -> int:
        found.append(options)
        return 0

    monkeypatch.setattr("tfgen.commands.affected.answer", answer)
    return found


@pytest.mark.parametrize("arguments", _PLAIN, ids=" ".join)
def test_plain_options_are_those_of_the_app(arguments: list[str], app_options: list[Options]) -> None:
    assert run(["affected", *arguments]) == 0
    assert [plain_options(arguments)] == app_options


@pytest.mark.parametrize("arguments", _LEFT, ids=" ".join)
def test_all_else_is_left_to_the_app(arguments: list[str]) -> None:
    assert plain_options(arguments) is None


def test_the_answer_starts_without_the_app(tmp_path: Path) -> None:
    (tmp_path / "packer").mkdir()
    (tmp_path / "packer/web.json").write_text('{"builders": [{"type": "null"}]}')
    for arguments in (["init", "--quiet", "-b", "main"], ["add", "."], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*_GIT, *arguments], cwd=tmp_path, check=True)
    (tmp_path / "packer/web.json").write_text('{"builders": [{"type": "amazon-ebs"}]}')
    code = (
        "import sys; from tfgen.start import main\n"
        "sys.argv = ['tfgen', 'affected', '--base', sys.argv[1], '--format', 'names']\n"
        "try: main()\nfinally: print('typer' in sys.modules, file=sys.stderr)"
    )
    for base, expected in (("main", (0, "web\n", "False")), ("nowhere", (1, "", "False"))):
        done = subprocess.run(
            [sys.executable, "-c", code, base],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == expected
    assert "error: --base nowhere: branch, tag or commit not found" in done.stderr
