"""Patterns against every short text, the index against every pair, the order against its own promise."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfgen_generators.ancestry.images import ImageFacts, Output, Start
from tfgen_generators.ancestry.matching import Index
from tfgen_generators.ancestry.order import descendants, in_order
from tfgen_generators.ancestry.owners import owners_shown, whose
from tfgen_generators.ancestry.patterns import (
    ANYTHING,
    Pattern,
    Wild,
    joined,
    meet,
    prefix,
    says_nothing,
    shown,
    with_wildcards,
)

LETTERS = "ab1"
TEXTS = ["".join(text) for length in range(6) for text in product(LETTERS, repeat=length)]

pieces = st.one_of(
    st.text(LETTERS, min_size=1, max_size=2),
    st.sampled_from([ANYTHING, Wild(many=False), Wild(chars="1"), Wild(chars="ab"), Wild(many=False, chars="a1")]),
)
patterns = st.lists(pieces, max_size=3).map(joined)


def as_regex(pattern: Pattern) -> re.Pattern[str]:
    return re.compile("".join(map(_piece, pattern)), re.DOTALL)


def _piece(piece: str | Wild) -> str:
    if isinstance(piece, str):
        return re.escape(piece)
    chars = "." if piece.chars is None else f"[{re.escape(piece.chars)}]"
    return chars + "*" * piece.many


def _single(pattern: Pattern) -> int:
    return sum(len(piece) if isinstance(piece, str) else not piece.many for piece in pattern)


@settings(max_examples=120, deadline=None)
@given(patterns, patterns)
@example(("a", ANYTHING), (ANYTHING, "a"))
@example((Wild(chars="1"), "1"), ("11",))
def test_patterns_meet_when_a_text_is_both(left: Pattern, right: Pattern) -> None:
    one, other = as_regex(left), as_regex(right)
    both = any(one.fullmatch(text) and other.fullmatch(text) for text in TEXTS)
    assert meet(left, right) == meet(right, left)
    assert meet(left, right) or not both
    if _single(left) + _single(right) <= 5:  # no shortest text that is both is longer than that
        assert meet(left, right) == both


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("base-*", ("base-", ANYTHING)),
        ("base-??", ("base-", Wild(many=False), Wild(many=False))),
        ("**", (ANYTHING,)),
        (r"a\*b\\c\?", (r"a*b\c?",)),
        ("plain", ("plain",)),
    ],
)
def test_wildcards_of_a_filter(text: str, pattern: Pattern) -> None:
    assert with_wildcards((text,)) == pattern


def test_what_a_pattern_says() -> None:
    assert prefix(("base-", ANYTHING)) == "base-"
    assert prefix((ANYTHING, "x")) == ""
    assert shown(("a", Wild(chars="1"), Wild(many=False))) == "a*?"
    assert says_nothing((ANYTHING, "-", ANYTHING))
    assert not says_nothing((ANYTHING, "a"))
    assert not says_nothing((Wild(chars="1"),))


@settings(max_examples=80, deadline=None)
@given(st.lists(patterns, max_size=6), patterns)
def test_the_index_finds_what_every_pair_finds(names: list[Pattern], wanted: Pattern) -> None:
    images = [
        ImageFacts(name=f"i{number}", path=f"p{number}", outputs=(Output(names=(name,), tags={}),))
        for number, name in enumerate(names)
    ]
    found = Index(images).find(Start(kind="filter", label="", names=(wanted,)))
    assert set(found) == {f"i{number}" for number, name in enumerate(names) if meet(name, wanted)}


graphs = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True).map(tuple), max_size=8
)


@settings(max_examples=80, deadline=None)
@given(graphs)
def test_parents_come_first(parents: dict[str, tuple[str, ...]]) -> None:
    order, cycles = in_order(parents)
    assert sorted(order) == sorted(parents)
    place = {name: number for number, name in enumerate(order)}
    below = {name: {name, *descendants(parents, [name])} for name in parents}
    groups = {name: {other for other in below[name] if name in below[other]} for name in parents}
    assert {tuple(sorted(group)) for group in groups.values() if len(group) > 1} == set(cycles)
    for name, above in parents.items():
        for parent in above:
            if parent in parents and parent not in groups[name]:
                assert place[parent] < place[name]


def test_descendants_name_the_parent_that_they_come_through() -> None:
    parents = {"b": ("a",), "c": ("b",), "d": ("a", "c"), "x": ("y",)}
    assert descendants(parents, ["a"]) == {"b": "a", "c": "b", "d": "a"}
    assert descendants(parents, ["b", "c"]) == {"d": "c"}
    assert descendants(parents, ["nobody"]) == {}


@pytest.mark.parametrize(
    ("owners", "answer"),
    [
        ([], "maybe"),
        (["self"], "self"),
        (["amazon"], "others"),
        (["136693071363", "aws-marketplace"], "others"),
        (["136693071363", "111122223333"], "maybe"),
        (["136693071363", None], "maybe"),
        (["self", "amazon"], "self"),
    ],
)
def test_whose_amis(owners: list[str | None], answer: str) -> None:
    assert whose(owners) == answer


def test_owners_are_shown_by_name() -> None:
    assert owners_shown(["136693071363", "self", None, "111122223333"]) == "Debian, self, ?, 111122223333"
