"""A stream as lines: however it is cut into pieces, and however long a line is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tfgen.terraform.processes.streams import Lines

TEXT = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\r\n", b"{}"])).map(b"".join)


@given(text=TEXT, size=st.integers(1, 7))
def test_any_pieces_give_the_same_lines(text: bytes, size: int) -> None:
    lines = Lines()
    found = [line for at in range(0, len(text), size) for line in lines.feed(text[at : at + size])]
    *whole, rest = text.split(b"\n")
    assert found == [line + b"\n" for line in whole]
    assert lines.end() == ([rest] if rest else [])
    assert lines.cut == 0


@given(size=st.integers(1, 10))
def test_a_line_that_is_too_long_loses_its_end_and_no_other(size: int) -> None:
    text = b"one\n" + b"x" * 100 + b"\ntwo\n" + b"y" * 100
    lines = Lines(10)
    found = [line for at in range(0, len(text), size) for line in lines.feed(text[at : at + size])]
    assert found == [b"one\n", b"x" * 10 + b"\n", b"two\n", b"y" * 10 + b"\n"]
    assert lines.end() == []
    assert lines.cut == 2
