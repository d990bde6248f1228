"""Several patterns at once: a text that can be one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product

from tfgen_generators.ancestry.patterns import ANYTHING, Pattern, joined

Patterns = tuple[Pattern, ...]

ANY: Patterns = ((ANYTHING,),)
#: More texts than that are one that can be anything.
_MOST = 32
#: Far more characters than a name or a tag can have.
_LONGEST = 2000
_VERB = re.compile(r"(%[-+ #0-9.\[\]]*[a-zA-Z])")
_PLAIN = frozenset({"%s", "%d", "%v"})


def alternatives(found: Iterable[Pattern]) -> Patterns:
    """Each pattern once; anything, when there are too many or one of them is."""
    unique = tuple(islice(dict.fromkeys(found), _MOST + 1))
    return ANY if len(unique) > _MOST or (ANYTHING,) in unique else unique


def chained(pieces: Sequence[Patterns]) -> Patterns:
    """Every way to put the pieces one after the other."""
    total = 1
    for piece in pieces:
        total *= len(piece)
    if total > _MOST:
        pieces = [piece if len(piece) == 1 else ANY for piece in pieces]
    if sum(map(_length, pieces)) > _LONGEST:
        return ANY
    return alternatives(joined(item for text in chosen for item in text) for chosen in product(*pieces))


def _length(texts: Patterns) -> int:
    return max((sum(len(piece) if isinstance(piece, str) else 1 for piece in text) for text in texts), default=0)


def formatted(form: str, arguments: Sequence[Patterns]) -> Patterns:
    """`format("%s-%s", ...)`; what another verb makes of its argument is not known."""
    words = _VERB.split(form.replace("%%", "\0"))
    verbs, fixed = words[1::2], [((word.replace("\0", "%"),),) for word in words[::2]]
    if len(verbs) != len(arguments) or any("%" in word for word in words[::2]):
        return ANY
    chain: list[Patterns] = [*fixed[:1]]
    for verb, argument, word in zip(verbs, arguments, fixed[1:], strict=True):
        chain += [argument if verb in _PLAIN else ANY, word]
    return chained(chain)
