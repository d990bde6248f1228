"""How much the tests try: what every change can wait for, and all of it under `--deep` (`make test-deep`).

A test that tries less in a usual run carries the mark `deep` and asks `amount`; one of the command as a process is
deep too, since a usual run forks what is then started (fork_server.py), and one of Terraform with the AWS provider,
which a usual run starts once (terraform/attached_provider.py). `--deep` runs these tests alone, `--deep-part 2/4` the
second quarter of them: four runs, one of each quarter, have tried everything.
"""

from __future__ import annotations

import re

import pytest

deep = pytest.mark.deep
#: The fixtures that are others under --deep.
_OTHERS = {"tfgen", "execute", "forked_program", "forked_python", "attached"}
_on = False


def begin(config: pytest.Config) -> None:
    """Before any test is imported: what the command line asks for."""
    global _on  # noqa: PLW0603 test modules ask while they are imported, where there is no fixture
    _on = config.getoption("deep")


def is_on() -> bool:
    """Whether this is a run under --deep."""
    return _on


def amount(usual: int, full: int) -> int:
    """How many of something to try."""
    return full if _on else usual


def add_options(parser: pytest.Parser) -> None:
    """The two options."""
    group = parser.getgroup("tfgen")
    group.addoption("--deep", action="store_true", help="only the tests that can try more, with all of it")
    group.addoption("--deep-part", type=_part, default=(1, 1), metavar="N/M", help="of those, the Nth of M parts")


def _part(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(text)
    return int(found[1]), int(found[2])


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under --deep, leaves the marked tests of this part."""
    if not _on:
        return
    number, parts = config.getoption("deep_part")
    concerned = [item for item in items if item.get_closest_marker("deep") or _OTHERS & set(_fixtures(item))]
    chosen = sorted(concerned, key=lambda item: item.nodeid)[number - 1 :: parts]
    left_out = set(items) - set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def headline(config: pytest.Config) -> list[str]:
    """What a run under --deep says of itself."""
    number, parts = config.getoption("deep_part")
    return [f"deep: part {number} of {parts}"] if _on else []
