"""A diagram as SVG: a file that stands alone, for light and dark, with the same bytes for the same diagram."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tfgen.console import one_line, printable
from tfgen.drawing.boxes import SMALL, Box, box_of
from tfgen.drawing.diagram import COLOURS, Arrow, Diagram, Kind
from tfgen.drawing.placement import Placed, Point, place
from tfgen.drawing.widths import width_of, wrapped

_MARGIN = 20.0
_WIDEST = 1280.0
_HEADING = 15.0
#: What XML cannot hold besides control characters.
_NOT_XML = re.compile("[\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
#: The same on a dark page.
_ON_DARK: Mapping[Kind, str] = {
    "image": "#60a5fa",
    "chosen": "#fb923c",
    "foreign": "#94a3b8",
    "unbuilt": "#f87171",
    "broken": "#f87171",
    "playbook": "#a78bfa",
    "role": "#2dd4bf",
    "files": "#facc15",
    "channel": "#4ade80",
}
_LIGHT = ("#ffffff", "#ffffff", "#f1f5f9", "#cbd5e1", "#0f172a", "#475569", "#94a3b8")
_DARK = ("#0d1117", "#161b22", "#21262d", "#30363d", "#e6edf3", "#9da7b3", "#6e7681")


def as_svg(diagram: Diagram) -> str:
    """The diagram as an SVG document."""
    firsts = _firsts(diagram.arrows)
    boxes = {card.id: box_of(card, firsts.get(card.id, "")) for card in diagram.cards}
    placed = place(
        {name: (box.width, box.height) for name, box in boxes.items()},
        [(arrow.source, arrow.target) for arrow in diagram.arrows],
        _WIDEST,
    )
    width = max(placed.width, width_of(_clean(diagram.title), _HEADING, bold=True)) + 2 * _MARGIN
    notes = [line for note in diagram.notes for line in wrapped(_clean(note).split(" "), width - 2 * _MARGIN, SMALL)]
    top = _MARGIN + 26
    height = top + placed.height + _MARGIN + len(notes) * 16 + (8 if notes else 0)
    lines = [
        *_head(diagram, width, height),
        f'<g transform="translate({_n(_MARGIN)} {_n(top)})">',
        *_arrows(diagram.arrows, placed),
        *(line for name, box in boxes.items() for line in _card(box, placed.boxes[name])),
        "</g>",
    ]
    for number, note in enumerate(notes):
        y = top + placed.height + 24 + 16 * number
        lines.append(f'<text class="small" x="{_n(_MARGIN)}" y="{_n(y)}">{_text(note)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _head(diagram: Diagram, width: float, height: float) -> Iterator[str]:
    size = f'width="{_n(width)}" height="{_n(height)}"'
    view = f'viewBox="0 0 {_n(width)} {_n(height)}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} role="img" aria-labelledby="title desc">'
    yield f'<title id="title">{_text(diagram.title)}</title>'
    yield f'<desc id="desc">{_text(diagram.description)}</desc>'
    yield f"<style>{_style(diagram)}</style>"
    marker = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    yield f'<defs><marker id="head" {marker}><path class="head" d="M0 0.5 8 4 0 7.5z"/></marker></defs>'
    yield f'<rect class="page" {size}/>'
    yield f'<text class="heading" x="{_n(_MARGIN)}" y="{_n(_MARGIN + 8)}">{_text(diagram.title)}</text>'


def _firsts(arrows: Sequence[Arrow]) -> dict[str, str]:
    """What the only arrow to a card says, to stand in the card: between the cards it would be hard to read."""
    found: dict[str, list[str]] = {}
    for arrow in arrows:
        found.setdefault(arrow.target, []).append(arrow.label)
    return {name: labels[0] for name, labels in found.items() if len(set(labels)) == 1 and labels[0]}


def _arrows(arrows: Sequence[Arrow], placed: Placed) -> Iterator[str]:
    for arrow, route in zip(arrows, placed.routes, strict=True):
        style = "line dashed" if arrow.dashed else "line"
        said = f"<title>{_text(arrow.label)}</title>" if arrow.label else ""
        yield f'<path class="{style}" d="{curve(route)}" marker-end="url(#head)">{said}</path>'


def curve(route: Sequence[Point]) -> str:
    """A line as a path: straight within columns, bent between them."""
    pieces = [f"M{_n(route[0][0])} {_n(route[0][1])}"]
    for number, (x, y) in enumerate(route[1:], start=1):
        before_x, before_y = route[number - 1]
        if (x, y) == (before_x, before_y):
            continue
        if number % 2 or y == before_y:
            pieces.append(f"L{_n(x)} {_n(y)}")
        else:
            middle = (before_x + x) / 2
            pieces.append(f"C{_n(middle)} {_n(before_y)} {_n(middle)} {_n(y)} {_n(x)} {_n(y)}")
    return " ".join(pieces)


def _card(box: Box, corner: Point) -> Iterator[str]:
    kind, width, height = box.card.kind, _n(box.width), _n(box.height)
    yield f'<g class="{kind}" transform="translate({_n(corner[0])} {_n(corner[1])})">'
    yield f'<rect class="card" width="{width}" height="{height}" rx="6"/>'
    yield f'<path class="accent" d="M4 0H6V{height}H4A4 4 0 0 1 0 {_n(box.height - 4)}V4A4 4 0 0 1 4 0z"/>'
    for pill in box.pills:
        yield (
            f'<rect class="pill" x="{_n(pill.x)}" y="{_n(pill.y)}" width="{_n(pill.width)}" '
            f'height="{_n(pill.height)}" rx="4"/>'
        )
    for word in box.words:
        full = f"<title>{_text(word.full)}</title>" if word.full else ""
        yield f'<text class="{word.style}" x="{_n(word.x)}" y="{_n(word.y)}">{_text(word.text)}{full}</text>'
    yield "</g>"


def _style(diagram: Diagram) -> str:
    has_channels = any(card.kind == "channel" for card in diagram.cards)
    dark = _colours(_DARK, _ON_DARK, has_channels=has_channels)
    return (
        "text{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',Helvetica,Arial,sans-serif}"
        ".heading{font-size:15px;font-weight:600}.title{font-size:13px;font-weight:600}.member{font-size:12px}"
        ".small,.via{font-size:11px}.via{font-style:italic}"
        ".line{fill:none;stroke-width:1.4}.dashed{stroke-dasharray:5 4}"
        f"{_colours(_LIGHT, COLOURS, has_channels=has_channels)}@media (prefers-color-scheme:dark){{{dark}}}"
    )


def _colours(palette: Sequence[str], accents: Mapping[Kind, str], *, has_channels: bool) -> str:
    page, card, pill, border, text, small, line = palette
    kinds = "".join(
        f".{kind} .accent{{fill:{colour}}}" for kind, colour in accents.items() if kind != "channel" or has_channels
    )
    return (
        f".page{{fill:{page}}}.card{{fill:{card};stroke:{border}}}.pill{{fill:{pill}}}"
        f".heading,.title,.member{{fill:{text}}}.small,.via{{fill:{small}}}"
        f".line{{stroke:{line}}}.head{{fill:{line}}}{kinds}"
    )


def _n(value: float) -> str:
    """A number with one digit at most behind the point."""
    return f"{round(value, 1):g}" if abs(value) < 1e5 else str(round(value))


def _clean(text: str) -> str:
    return _NOT_XML.sub("?", one_line(printable(text)))


def _text(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in _clean(text))
