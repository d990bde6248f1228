"""The states of a pipeline as the page shows them: a sign, a word and a tone; the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from tfgen.status.model import State, Verdict

#: A tone is a colour in the style sheet, one for light and one for dark.
Tone = Literal["bad", "warn", "note", "ok", "none"]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a state is shown. `rank`: what is worse sorts first."""

    word: str
    sign: str
    tone: Tone
    rank: int


_STATES: Mapping[State, tuple[str, Tone]] = {
    "red": ("\u2717", "bad"),
    "missing": ("\u2205", "bad"),
    "unknown": ("?", "warn"),
    "waiting": ("\u2016", "warn"),
    "disabled": ("\u2298", "warn"),
    "superseded": ("\u00bb", "note"),
    "never-ran": ("\u25cb", "none"),
    "running": ("\u2192", "note"),
    "green": ("\u2713", "ok"),
}
_VERDICTS: Mapping[Verdict, tuple[str, Tone]] = {
    "yes": ("!", "bad"),
    "unknown": ("?", "warn"),
    "no": ("\u2713", "ok"),
}
STATES: Mapping[str, Shown] = {
    state: Shown(word=state.replace("-", " "), sign=sign, tone=tone, rank=rank)
    for rank, (state, (sign, tone)) in enumerate(_STATES.items())
}
VERDICTS: Mapping[str, Shown] = {
    word: Shown(word=word, sign=sign, tone=tone, rank=rank)
    for rank, (word, (sign, tone)) in enumerate(_VERDICTS.items())
}


def worst(states: Iterable[State]) -> Shown:
    """The one of them that sorts first."""
    return min((STATES[state] for state in states), key=lambda shown: shown.rank)
