"""What a branch that nobody has read is refused for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.functional.git_repo import git
from tfgen.untrusted.checks import check_untrusted
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError

DATA = 'data "external" "x" {\n  program = ["sh", "-c", "id"]\n}\n'


class Refused:
    """That the branch is refused with a message, and with which others."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *wanted: str, base: str | None = None, allowed: tuple[str, ...] = ()) -> list[str]:
        self.capfd.readouterr()
        with pytest.raises(RefusedError) as error:
            check_untrusted(open_workspace(), base or protected(), allowed)
        assert error.value.exit_code == 3
        said = [f"error: {error.value}", *self.capfd.readouterr().err.splitlines()]
        for text in wanted:
            assert any(re.search(text, line) for line in said), f"{text!r} in {said}"
        return said


def accepted(*allowed: str, base: str | None = None) -> None:
    check_untrusted(open_workspace(), base or protected(), allowed)


def protected() -> str:
    """The remote's branch main, as it is here: for what depends on the difference alone, not on where it is hosted."""
    here = Path.cwd()
    if not any((folder / ".git").is_dir() for folder in (here, *here.parents)):
        return ""
    if not git(here, "remote"):
        git(here, "remote", "add", "origin", "../origin")
    git(here, "update-ref", "refs/remotes/origin/main", "refs/heads/main")
    return "main"
