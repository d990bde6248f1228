"""One comment for each target: found by its marker and updated, or created."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tfgen.console import note
from tfgen.hosts import waiting
from tfgen.hosts.model import Comment, Host, NotOursError, UnsureError
from tfgen_generators.errors import TfgenError

Done = Literal["created", "updated", "unchanged", "unneeded"]


def post(host: Host, body: str, *, marker: str, create: bool, former: Sequence[str] = ()) -> Done:
    """Makes our newest comment under `marker` say `body`; without one, makes it when `create`. Raises TfgenError.

    Without one, that under one of the `former` markers is taken, and has the new marker then.
    """
    old = find(host, marker, *former)
    if old is None:
        return _create(host, body, marker) if create else "unneeded"
    # A host may give back what it was given without the last line's end.
    if old.body.strip() == body.strip():
        return "unchanged"
    try:
        host.update(old, body)
    except NotOursError:
        return _create(host, body, marker)
    return "updated"


def find(host: Host, *markers: str) -> Comment | None:
    """The newest comment of ours that begins with the first of `markers` that any has; elsewhere it is no marker."""
    begun = [(comment.body.lstrip().partition("\n")[0].strip(), comment) for comment in host.comments()]
    found = ([comment for line, comment in begun if line == marker] for marker in markers)
    return next((comments[-1] for comments in found if comments), None)


def _create(host: Host, body: str, marker: str) -> Done:
    """Creates it once: after a try whose end nobody knows, it looks before it tries again."""
    for delay in (*waiting.DELAYS, None):
        try:
            host.create(body)
        except UnsureError as error:
            if delay is None:
                raise TfgenError(str(error), fix="try again later") from None
            note(f"{error}; checking in {delay:.0f} s whether the comment exists")
            waiting.pause(delay)
            if find(host, marker) is not None:
                return "created"
        else:
            return "created"
    raise AssertionError("unreachable")  # pragma: no cover
