"""Which images a filter can find: by the names and tags that their templates give them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from tfgen_generators.ancestry.alternatives import Patterns
from tfgen_generators.ancestry.images import TAGS, ImageFacts, Output, Start
from tfgen_generators.ancestry.patterns import (
    ANYTHING,
    Pattern,
    Wanted,
    Wild,
    alphabet,
    is_exact,
    is_open,
    prefix,
    says_nothing,
    shown,
)

_LAST = "\U0010ffff"


def asks_for_something(start: Start) -> bool:
    """Whether a filter looks for a name, or a tag that not every image has: otherwise it finds whatever is there."""
    return any(not says_nothing(text) for text in start.names) or any(key and key not in TAGS for key in start.tags)


class Index:
    """The AMIs of all images, by how their names begin, by the three letters that they hold, and by their template."""

    def __init__(self, images: Sequence[ImageFacts]) -> None:
        self._by_template: dict[str, list[_Made]] = {}
        self._begins: dict[str, list[_Made]] = {}
        for image in images:
            for output in image.outputs:
                made = _Made(image.name, output)
                self._by_template.setdefault(image.path, []).append(made)
                for begin in {prefix(name) for name in output.names}:
                    self._begins.setdefault(begin, []).append(made)
        self._sorted = sorted(self._begins)

    def find(self, start: Start) -> dict[str, bool]:
        """Names of the images that `start` can find, and whether that is only because something is not known."""
        found: dict[str, bool] = {}
        looking = _Looking(start)
        for made in {id(made): made for made in self._candidates(start)}.values():
            widened = looking.finds(made.output)
            if widened is not None:
                found[made.image] = widened and found.get(made.image, True)
        return found

    def _candidates(self, start: Start) -> Iterator[_Made]:
        templates = start.tags.get("Template", ())
        if templates and all(is_exact(text) for text in templates):
            for text in templates:
                yield from self._by_template.get(shown(text), ())
            return
        for name in start.names or ((ANYTHING,),):
            if begin := prefix(name):
                for known in self._beginnings(begin):
                    yield from self._begins[known]
            else:
                yield from self._letters.candidates(name)

    def _beginnings(self, begin: str) -> Iterator[str]:
        """Every known beginning that fits: those that go on from it, and those that it goes on from."""
        yield from (begin[:length] for length in range(len(begin)) if begin[:length] in self._begins)
        yield from self._sorted[bisect_left(self._sorted, begin) : bisect_left(self._sorted, begin + _LAST)]

    @cached_property
    def _letters(self) -> _Letters:
        return _Letters(made for group in self._begins.values() for made in group)


class _Made:
    """One AMI of an image."""

    __slots__ = ("image", "output")

    def __init__(self, image: str, output: Output) -> None:
        self.image, self.output = image, output


class _Letters:
    """Names by every three characters that follow each other, for filters that do not say how a name begins.

    What a wild piece can be is no part of that: names stand apart by the characters of theirs (None: all).
    """

    def __init__(self, all_made: Iterable[_Made]) -> None:
        self._groups: dict[str | None, tuple[list[_Made], dict[str, list[_Made]]]] = {}
        for made in all_made:
            for name in made.output.names:
                wild = alphabet(tuple(piece for piece in name if isinstance(piece, Wild)))
                everything, by_letters = self._groups.setdefault(wild, ([], {}))
                everything.append(made)
                text = "".join(piece for piece in name if isinstance(piece, str))
                for letters in _threes(text):
                    by_letters.setdefault(letters, []).append(made)

    def candidates(self, name: Pattern) -> Iterator[_Made]:
        """All that can meet `name`, and others."""
        wanted = {letters for piece in name if isinstance(piece, str) for letters in _threes(piece)}
        for wild, (everything, by_letters) in self._groups.items():
            if wild is None:
                yield from everything
                continue
            telling = [letters for letters in wanted if not set(letters) & set(wild)]
            yield from min((by_letters.get(letters, []) for letters in telling), key=len, default=everything)


def _threes(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}


class _Looking:
    """One filter, ready to be held against many images."""

    def __init__(self, start: Start) -> None:
        self._names = [_Asked(text, start) for text in start.names]
        self._tags = {key: [_Asked(text, start) for text in texts] for key, texts in start.tags.items()}

    def finds(self, output: Output) -> bool | None:
        """None: it cannot find them. True: only because a piece of a name or a tag is not known."""
        widened = False
        if self._names:
            found = _meeting(output.names, self._names)
            if found is None:
                return None
            widened = found
        for key, wanted in self._tags.items():
            if key in output.tags:
                found = _meeting(output.tags[key], wanted)
            else:
                found = True if "" in output.tags or key == "" else None
            if found is None:
                return None
            widened = widened or found
        return widened


class _Asked:
    """One pattern of a filter. `idle`: every text fits it; `guessed`: not all of it is known."""

    def __init__(self, text: Pattern, start: Start) -> None:
        self.wanted = Wanted(text)
        self.idle, self.guessed = says_nothing(text), text in start.guessed

    def finds(self, text: Pattern) -> bool | None:
        """As `_Looking.finds`, of one text."""
        if not self.wanted.meets(text):
            return None
        return self.guessed or (is_open(text) and not self.idle)


def _meeting(given: Patterns, wanted: Sequence[_Asked]) -> bool | None:
    meeting = [found for mine in given for asked in wanted if (found := asked.finds(mine)) is not None]
    return all(meeting) if meeting else None
