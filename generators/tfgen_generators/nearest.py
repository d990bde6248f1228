"""The name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean NAME?` for the nearest name, else the list of all; "" when there are none."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or [name for name in names if name.startswith(word)]
    if close:
        return f"did you mean {close[0]}?"
    return f"known are: {', '.join(names)}" if names else ""
