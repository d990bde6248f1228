"""Which worker imports what first. All import all tests, at the same time: each begins at another file.

In a fresh clone nothing is compiled, and each would compile the same file at the same moment, four times the work.
"""

from __future__ import annotations

from pathlib import Path

import pytest


def begin(config: pytest.Config) -> None:
    """In a worker which is to collect whole folders."""
    if not hasattr(config, "workerinput") or not all(Path(argument).is_dir() for argument in config.args):
        return
    files = sorted(str(file) for folder in config.args for file in Path(folder).rglob("test_*.py"))
    number, count = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
    first = len(files) * number // count
    config.args = files[first:] + files[:first]


def order(config: pytest.Config, items: list[pytest.Item]) -> None:
    """As all workers must have them, in the order of their paths."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path)
