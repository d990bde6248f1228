"""What is dear to make and the same for all: one worker makes it, and the others read it."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest

_T = TypeVar("_T")


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], _T]) -> _T:
    """What `make` gives in this run's first worker that asks for `name`; it can be pickled."""
    base = factory.getbasetemp()
    kept = (base.parent if base.name.startswith("popen-") else base) / f"once-{name}"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make()
            kept.write_bytes(pickle.dumps(made))
            return made
    found: _T = pickle.loads(kept.read_bytes())
    return found
