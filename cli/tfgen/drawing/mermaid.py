"""A diagram as a Mermaid flowchart, within the limits that GitHub has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfgen.console import one_line, printable
from tfgen.drawing.diagram import COLOURS, Card, Diagram

#: Mermaid's maxTextSize and maxEdges, as GitHub has them.
LONGEST, MOST_ARROWS = 50_000, 500
#: Characters that mean something to Mermaid or to the HTML that it makes, as its entities of numbers.
_SPECIAL = {ord(char): f"#{ord(char)};" for char in '"#&<>`*_~[]{}()|\\;%$:@'}
#: How a card's frame is drawn besides its colour.
_FRAMES = {"chosen": ",stroke-width:3px", "foreign": ",stroke-dasharray:3 3", "unbuilt": ",stroke-dasharray:3 3"}


def as_mermaid(diagram: Diagram) -> tuple[str, str]:
    """The flowchart, and what is wrong with it: "" or why GitHub does not draw it."""
    ids = {card.id: f"n{number}" for number, card in enumerate(diagram.cards)}
    lines = ["---", f"title: {_yaml(diagram.title)}", "---", "flowchart LR"]
    for card in diagram.cards:
        lines += _card(card, ids[card.id])
    lines += _arrows(diagram, ids)
    for kind in dict.fromkeys(card.kind for card in diagram.cards):
        names = ",".join(ids[card.id] for card in diagram.cards if card.kind == kind)
        lines += [f"  classDef {kind} stroke:{COLOURS[kind]}{_FRAMES.get(kind, '')}", f"  class {names} {kind}"]
    lines += [f"  %% {_comment(note)}" for note in diagram.notes]
    text = "\n".join(lines) + "\n"
    return text, _problem(len(text), len(diagram.arrows))


def _problem(length: int, arrows: int) -> str:
    found = [f"{length} characters (at most {LONGEST})"] if length > LONGEST else []
    found += [f"{arrows} arrows (at most {MOST_ARROWS})"] if arrows > MOST_ARROWS else []
    return f"GitHub does not draw a Mermaid diagram with {' and '.join(found)}" if found else ""


def _card(card: Card, name: str) -> Iterator[str]:
    lines = "".join(f"<br>{_label(line)}" for line in card.lines)
    if not card.members:
        yield f'  {name}["{_label(card.title)}{lines}"]'
        return
    yield f'  subgraph {name}["{_label(card.title)}{lines}"]'
    yield "    direction TB"
    for number, member in enumerate(card.members):
        yield f'    {name}m{number}["{_label(member)}"]'
    yield "  end"


def _arrows(diagram: Diagram, ids: Mapping[str, str]) -> Iterator[str]:
    for arrow in diagram.arrows:
        shaft = "-.->" if arrow.dashed else "-->"
        label = f'|"{_label(arrow.label)}"|' if arrow.label else ""
        yield f"  {ids[arrow.source]} {shaft}{label} {ids[arrow.target]}"


def _label(text: str) -> str:
    return one_line(printable(text)).translate(_SPECIAL) or " "


def _comment(text: str) -> str:
    """`%%{` would be a directive."""
    return one_line(printable(text)).replace("{", "(").replace("}", ")")


def _yaml(text: str) -> str:
    import json

    return json.dumps(one_line(printable(text)))
