"""The names of refs, as git has them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tfgen.completion.patience import TooLongError, at_most
from tfgen.git.repository import NoAnswerError, run_git

#: What no shell takes for more than text: whoever can push a branch names it, and zsh evaluates what is offered.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")
_MOST = 2000
#: Seconds for git, which takes a hundredth of one.
_PATIENCE = 1.0


def names(folder: Path, incomplete: str, *below: str) -> list[str]:
    """The short names of the refs below each of `below` that begin so; none without an answer."""
    try:
        with at_most(_PATIENCE):
            found = os.fsdecode(run_git(folder, "for-each-ref", "--format=%(refname:lstrip=2)", "--", *below))
    except (NoAnswerError, TooLongError):
        return []
    begun = (name for name in found.splitlines() if name.startswith(incomplete) and not name.endswith("/HEAD"))
    return [name for name in begun if _PLAIN.fullmatch(name)][:_MOST]
