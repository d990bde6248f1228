"""Questions to AWS of which each may fail alone: that costs its cell, and the rest stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tfgen.aws.failures import AwsError, is_about_credentials
from tfgen.status.model import Unreadable

_T = TypeVar("_T")


class Cells:
    """What could not be read so far, each as an `Unreadable`."""

    def __init__(self) -> None:
        self.unreadable: list[Unreadable] = []

    def read(self, cell: str, action: str, call: Callable[[], _T]) -> _T | None:
        """What `call` gives; None where AWS refuses it. Raises AwsError where AWS would refuse all the same way."""
        try:
            return call()
        except AwsError as error:
            if is_about_credentials(error):
                raise
            self.add(cell, action, error)
            return None

    def add(self, cell: str, action: str, error: AwsError) -> None:
        """One more."""
        self.unreadable.append(Unreadable(cell=cell, action=action, error=error.message))
