"""What the tests of `tfgen comment` share: a CI run of a host that is a local server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Command, Result
from tfgen.hosts import waiting


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
