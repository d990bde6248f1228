"""The names of refs, as git has them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tfgen.git.repository import NoAnswerError, run_git

#: What no shell takes for more than text: whoever can push a branch names it, and zsh evaluates what is offered.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")
_MOST = 2000


def names(folder: Path, *below: str) -> list[str]:
    """The short names of the refs below each of `below`, of the newest commits first; none without an answer."""
    options = ("--format=%(refname:lstrip=2)", "--sort=-creatordate", f"--count={_MOST}")
    try:
        found = os.fsdecode(run_git(folder, "for-each-ref", *options, "--", *below))
    except NoAnswerError:
        return []
    return [name for name in found.splitlines() if _PLAIN.fullmatch(name) and not name.endswith("/HEAD")]
