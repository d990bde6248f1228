"""What several functional tests share: a branch, its refusal, and a CI run of a host that is a local server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command, Repo, Result
from tests.functional.branches import branched
from tests.functional.git_repo import commit, git, make
from tests.functional.refusals import Refused
from tests.prepared import prepared
from tfgen.hosts import waiting


@pytest.fixture
def synced(repo: Repo, cli: Command) -> Path:
    """Two templates, synced and committed."""

    def make_synced() -> Path:
        root = make(repo)
        cli("sync").expect(0)
        git(root, "init", "--quiet")
        commit(root)
        return root

    return prepared(repo, make_synced, "synced")


@pytest.fixture
def root(repo: Repo, cli: Command) -> Path:
    """The branch `feature` of a synced estate."""
    return branched(repo, cli)


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Refused:
    return Refused(capfd)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited for; nothing is."""
    waited: list[float] = []
    monkeypatch.setattr(waiting, "pause", waited.append)
    return waited


@pytest.fixture
def comment(cli: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """tfgen comment in a CI run of that server's host."""

    def call(server: Any, *arguments: str, plan: str = "images.tfplan", **variables: str) -> Result:
        with monkeypatch.context() as patch:
            for name, value in {**server.env, **variables}.items():
                patch.setenv(name, value)
            return cli("comment", plan, *arguments)

    return call
