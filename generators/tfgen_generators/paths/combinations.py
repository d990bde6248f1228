"""Texts that are put together of pieces, each of which may be one of several."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from tfgen_generators.packer.evaluation.calls import UNKNOWN

#: Of what one value may be; where there are more, the pieces that differ are not known.
MOST = 64
#: No name of a file is longer.
_LONGEST = 4096


def combinations(pieces: Sequence[Iterable[str]]) -> Iterable[tuple[str, ...]]:
    options = [list(dict.fromkeys(piece))[:MOST] for piece in pieces]
    size = 1
    for option in options:
        size *= max(len(option), 1)
    if size > MOST:
        options = [option if len(option) == 1 else [UNKNOWN] for option in options]
    return itertools.product(*options)


def product(pieces: Sequence[Iterable[str]]) -> list[str]:
    return ["".join(one) if sum(map(len, one)) <= _LONGEST else UNKNOWN for one in combinations(pieces)]
