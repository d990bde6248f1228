"""Diagrams as Mermaid, DOT and SVG: texts stay texts, and nothing lies over anything else."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.drawing.diagram import Arrow, Card, Diagram
from tfgen.drawing.dot import as_dot
from tfgen.drawing.layers import Layers
from tfgen.drawing.mermaid import MOST_ARROWS, as_mermaid
from tfgen.drawing.placement import Placed, place
from tfgen.drawing.svg import as_svg
from tfgen.drawing.widths import shortened, width_of, wrapped

SVG = "{http://www.w3.org/2000/svg}"
ODD = "a\"b<script>&`#]\\[{%%{init}%%}\x1b[31m\n*_;|\u202e\ufffe'c"


def diagram(*arrows: tuple[str, str], cards: tuple[str, ...] = ()) -> Diagram:
    names = dict.fromkeys([*cards, *(name for arrow in arrows for name in arrow)])
    return Diagram(
        title="t",
        description="d",
        cards=tuple(Card(id=name, kind="image", title=name) for name in names),
        arrows=tuple(Arrow(source=source, target=target) for source, target in arrows),
    )


def odd() -> Diagram:
    return Diagram(
        title=ODD,
        description=ODD,
        cards=(
            Card(id="1", kind="image", title=ODD, lines=(ODD,)),
            Card(id="2", kind="role", title=ODD, members=(ODD, "plain"), lines=(ODD,)),
        ),
        arrows=(Arrow(source="1", target="2", label=ODD, dashed=True),),
        notes=(ODD,),
    )


def test_svg_holds_texts_as_texts() -> None:
    text = as_svg(odd())
    root = ElementTree.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g"}
    assert "<script>" in (root.find(f"{SVG}title").text or "")  # type: ignore[union-attr]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e\ufffe]", text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]


def test_svg_is_the_same_every_time_and_for_light_and_dark() -> None:
    assert as_svg(odd()) == as_svg(odd())
    assert "prefers-color-scheme:dark" in as_svg(odd())


def test_mermaid_holds_texts_as_texts() -> None:
    text, problem = as_mermaid(odd())
    assert problem == ""
    body = text.split("---\n", 2)[2]
    for line in body.splitlines()[1:]:
        if not line.startswith("  %%"):
            labels = re.findall(r'"([^"]*)"', line)
            assert all(re.fullmatch(r"(?:[^#<>`*\[\]{}|]|#\d+;|<br>)*", label) for label in labels)
    assert "%%{" not in body
    assert "\x1b" not in text


def test_mermaid_says_what_github_does_not_draw() -> None:
    many = [(f"a{number}", f"b{number}") for number in range(MOST_ARROWS + 1)]
    assert "501 arrows (at most 500)" in as_mermaid(diagram(*many))[1]
    assert "characters" in as_mermaid(diagram(cards=tuple("x" * 3000 + str(number) for number in range(20))))[1]
    assert as_mermaid(diagram(("a", "b")))[1] == ""


def test_dot_holds_texts_as_texts() -> None:
    text = as_dot(odd())
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "Q", text)
    assert "script" not in unquoted
    assert '"' not in unquoted
    assert "n0 -> n1m0 [label=Q, style=dashed, lhead=cluster_n1]" in unquoted
    assert unquoted.count("{") == unquoted.count("}")


edges = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] != pair[1]), max_size=40, unique=True
)


def placed(lines: list[tuple[str, str]], names: list[str]) -> Placed:
    return place({name: (60.0 + 9 * len(name), 30.0 + 7 * (ord(name[-1]) % 5)) for name in names}, lines, 500)


@settings(max_examples=80, deadline=None)
@given(edges)
def test_no_box_lies_over_another_and_no_line_over_a_box(pairs: list[tuple[int, int]]) -> None:
    names = [f"n{number}" for number in range(15)]
    lines = [(f"n{source}", f"n{target}") for source, target in pairs]
    found = placed(lines, names)
    sizes = {name: (60.0 + 9 * len(name), 30.0 + 7 * (ord(name[-1]) % 5)) for name in names}
    areas = {name: (x, y, x + sizes[name][0], y + sizes[name][1]) for name, (x, y) in found.boxes.items()}
    for one, other in combinations(areas.values(), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 0.01 or other[3] <= one[1] + 0.01
    for left, top, right, bottom in areas.values():
        assert left >= 0
        assert top >= -0.01
        assert right <= found.width + 0.01
        assert bottom <= found.height + 0.01
    for (source, target), route in zip(lines, found.routes, strict=True):
        ends = {_touches(areas[source], route[0]), _touches(areas[target], route[-1])}
        assert ends == {True}
        for start, end in zip(route[::2], route[1::2], strict=True):  # where it runs straight through a column
            for name, (left, top, right, bottom) in areas.items():
                crosses = min(start[0], end[0]) < right and max(start[0], end[0]) > left and top < start[1] < bottom
                assert name in (source, target) or not crosses


def _touches(area: tuple[float, float, float, float], point: tuple[float, float]) -> bool:
    return point[0] in (area[0], area[2]) and area[1] <= point[1] <= area[3]


def test_a_circle_has_a_way_back() -> None:
    layers = Layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    assert layers.turned == {2}
    assert [[node for node in column if isinstance(node, str)] for column in layers.columns] == [["a"], ["b"], ["c"]]


def test_lines_cross_as_rarely_as_can_be() -> None:
    lines = [("a", "y"), ("a", "z"), ("b", "x"), ("c", "w"), ("d", "x"), ("d", "w")]
    layers = Layers([*"abcdwxyz"], lines)
    order = [{node: place for place, node in enumerate(column)} for column in layers.columns]
    ends = [(order[0][source], order[1][target]) for source, target in lines]
    assert not [1 for one, other in combinations(ends, 2) if (one[0] - other[0]) * (one[1] - other[1]) < 0]


@pytest.mark.parametrize("text", ["short", "a-name-that-is-much-too-long-to-stand-in-a-card", "\u6771\u4eac" * 20, ""])
def test_a_shortened_text_has_room(text: str) -> None:
    short = shortened(text, 120, 12)
    assert width_of(short, 12) <= 120
    assert (short == text) is (width_of(text, 12) <= 120)
    assert all(width_of(line, 12) <= 120 for line in wrapped(text.split("-"), 120, 12))
