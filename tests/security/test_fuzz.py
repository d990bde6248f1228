"""No text keeps a parser busy or breaks it: random ones, changed ones, and those that repeat one thing.

Time is not compared: a process may use so much processor time, and what grows with the square of a text uses more.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import depth
from tests.security.limited import in_child
from tests.security.parsers import COMPLAINTS, INSIDE, PARSERS, UNITS

#: Characters of a text that repeats a unit, and seconds of processor time for all units of one parser.
LENGTH, SECONDS = depth.amount(2000, 100_000), depth.amount(8, 300)


def ends(read: Callable[[str], object], text: str) -> None:
    """Whether a parser ends as it may; anything but a complaint is a bug."""
    with contextlib.suppress(*COMPLAINTS):
        read(text)


@depth.deep
@pytest.mark.parametrize("name", PARSERS)
def test_a_unit_repeated(name: str) -> None:
    parser = PARSERS[name]

    def work(say: Callable[[str], None]) -> None:
        for around in INSIDE.get(name, ("@",)):
            before, after = around.split("@")
            for unit in UNITS:
                say(f"{around!r} {unit!r}")
                ends(parser.read, f"{before}{unit * (LENGTH // len(unit))}{after}")

    assert not in_child(work, SECONDS)


@depth.deep
@pytest.mark.parametrize("name", PARSERS)
def test_units_closed_again(name: str) -> None:
    parser = PARSERS[name]

    def work(say: Callable[[str], None]) -> None:
        for around in INSIDE.get(name, ("@",)):
            before, after = around.split("@")
            for opening, closing in (
                ("[", "]"),
                ("(", ")"),
                ("{a:", "}"),
                ("{a=", "}"),
                ('{"a":', "}"),
                ("a {\n", "}\n"),
            ):
                for inner in ("", "1"):
                    say(f"{around!r} {opening!r}")
                    count = LENGTH // len(opening)
                    ends(parser.read, f"{before}{opening * count}{inner}{closing * count}{after}")

    assert not in_child(work, SECONDS)


def texts(name: str) -> st.SearchStrategy[str]:
    """Pieces of what people write, of what is hard, and of anything, in any order."""
    known = PARSERS[name].texts
    cut = st.sampled_from(known).flatmap(
        lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(
            lambda at: text[min(at) : max(at)]
        )
    )
    unit = st.tuples(st.sampled_from(UNITS), st.integers(1, 20)).map(lambda pair: pair[0] * pair[1])
    return st.lists(st.one_of(st.sampled_from(known), cut, unit, st.text(max_size=8)), max_size=8).map("".join)


@depth.deep
@pytest.mark.parametrize("name", PARSERS)
def test_any_text(name: str) -> None:
    @settings(
        max_examples=depth.amount(8, 3000),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(texts(name))
    def check(text: str) -> None:
        ends(PARSERS[name].read, text)

    check()


def test_the_limit_ends_what_does_not_end() -> None:
    def work(say: Callable[[str], None]) -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
        say("round and round")
        while True:
            pass

    assert "round and round" in in_child(work, SECONDS)
