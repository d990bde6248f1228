"""All gaps of this room filled: EC2's and SSM's at the start, other services' when they are first asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with these gaps filled; at the end moto is as it was."""
    from tfgen.emulator.amis import copies, fleets, images, launch_templates, parameters, recycle_bin, references

    with ExitStack() as stack:

        def put(owner: Any, name: str, value: Any) -> None:
            stack.enter_context(patch.object(owner, name, value, create=True))

        for each in (images, copies, fleets, recycle_bin, launch_templates, parameters, references):
            each.fill(put)
        yield
