"""The name that somebody probably meant."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import lru_cache


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean NAME?` for the nearest name, else the list of all; "" when there are none."""
    return _did_you_mean(word, tuple(sorted(known)))


@lru_cache(64)
def _did_you_mean(word: str, names: tuple[str, ...]) -> str:  # thousands of comments may name the same wrong rule
    import difflib

    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or [name for name in names if name.startswith(word)]
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(names)}" if names else ""


def near_path(path: str, names: Callable[[str], Iterable[str]]) -> str:
    """The path that is there and was probably meant by `path`, which is not; "" without one.

    `names` gives what a folder has (nothing where there is none; "." is the root). Parts are compared by themselves,
    and without their endings: `play/upgrade.yml` is not near `play/base.yml`, `plays/web.yaml` is near `play/web.yml`.
    """
    found, parts = "", posixpath.normpath(path).split("/")
    for part in parts:
        known = sorted(names(found or "."))
        near = part if part in known else _near_part(part, known) if part.strip(".") else ""
        if not near:
            return ""
        found = f"{found}/{near}" if found or not part else near
    return "" if posixpath.normpath(found) == posixpath.normpath(path) else found


def _near_part(part: str, known: Iterable[str]) -> str:
    from difflib import SequenceMatcher

    stem, ending = posixpath.splitext(part)
    matcher, best = SequenceMatcher(b=stem.lower()), (0.6, "")
    for name in known:
        other, other_ending = posixpath.splitext(name)
        matcher.set_seq1(other.lower())
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) + 0.01 < best[0]:
            continue
        if SequenceMatcher(a=ending, b=other_ending).ratio() >= 0.6:
            best = max(best, (matcher.ratio() + (ending == other_ending) / 100, name))
    return best[1]
