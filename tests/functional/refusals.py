"""What of a branch that nobody has read is planned, what is said, and what is refused; Terraform does not run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.git_repo import git
from tfgen.plan.make import require_synced
from tfgen.untrusted.place import look_at, untrusted_place
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError

DATA = 'data "external" "x" {\n  program = ["sh", "-c", "id"]\n}\n'


@dataclass(frozen=True, kw_only=True)
class Look:
    """A copy that a plan would be made in: its files and links, and what is said not to be in it."""

    said: list[str]
    files: Mapping[str, bytes]
    generated: Mapping[str, bytes]
    made_here: frozenset[str]
    env: Mapping[str, str]
    terraform: str | None
    top: Path

    def text(self) -> bytes:
        return b"\n".join(self.files.values())


def look(
    base: str | None = None,
    allowed: Sequence[str] = (),
    *,
    terraform: str | None = None,
    arguments: Sequence[str] = (),
) -> Look:
    """As `tfgen plan --untrusted` does, but for Terraform."""
    workspace = open_workspace()
    branch = look_at(workspace, base or protected())
    require_synced(workspace, cached=False)
    with untrusted_place(branch, allowed, terraform=terraform, arguments=arguments) as place:
        top = place.workspace.root
        for _ in Path(branch.prefix).parts:
            top = top.parent
        return Look(
            said=[str(item) for item in place.not_planned],
            files=files_in(top),
            generated={branch.path(path): text.encode() for path, text in place.generated.items()},
            made_here=place.made_here,
            env=place.env,
            terraform=place.terraform,
            top=top,
        )


def protected() -> str:
    """The remote's branch main, as it is here: for what depends on the difference alone, not on where it is hosted."""
    here = Path.cwd()
    if not any((folder / ".git").is_dir() for folder in (here, *here.parents)):
        return ""
    if not git(here, "remote"):
        git(here, "remote", "add", "origin", "../origin")
    git(here, "update-ref", "refs/remotes/origin/main", "refs/heads/main")
    return "main"


def files_in(top: Path) -> dict[str, bytes]:
    """Path -> bytes of every file below `top`; of a link "-> " and where it leads."""
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(top):
        for name in (*folders, *names):
            path = Path(folder) / name
            if path.is_symlink():
                found[str(path.relative_to(top))] = b"-> " + os.fsencode(path.readlink())
            elif not path.is_dir():
                found[str(path.relative_to(top))] = path.read_bytes()
    return found


class Refused:
    """That the branch is refused with a message, and with which others."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *wanted: str, base: str | None = None, allowed: tuple[str, ...] = ()) -> list[str]:
        self.capfd.readouterr()
        with pytest.raises(RefusedError) as error:
            look(base, allowed)
        assert error.value.exit_code == 3
        said = [f"error: {error.value}", *self.capfd.readouterr().err.splitlines()]
        require(said, wanted)
        return said


def accepted(*allowed: str, base: str | None = None) -> Look:
    """Nothing is refused, and nothing is left out of the plan."""
    found = look(base, allowed)
    assert found.said == []
    return found


def left_out(*wanted: str, base: str | None = None, allowed: tuple[str, ...] = ()) -> Look:
    """The branch is planned, and what is left out of the plan is said."""
    found = look(base, allowed)
    require(found.said, [f"^not planned: {text}" for text in wanted])
    return found


def require(said: Sequence[str], wanted: Sequence[str]) -> None:
    for text in wanted:
        assert any(re.search(text, line) for line in said), f"{text!r} in {said}"
