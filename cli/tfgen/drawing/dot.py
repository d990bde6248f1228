"""A diagram in DOT, for Graphviz and its relatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tfgen.console import one_line, printable
from tfgen.drawing.diagram import COLOURS, Arrow, Card, Diagram


def as_dot(diagram: Diagram) -> str:
    """The diagram as a digraph; a card with members is a cluster."""
    ids = {card.id: f"n{number}" for number, card in enumerate(diagram.cards)}
    groups = {card.id for card in diagram.cards if card.members}
    label = "\\n".join(_escaped(text) for text in (diagram.title, *diagram.notes))
    lines = [
        "digraph images {",
        f'  graph [rankdir=LR, compound=true, fontname="Helvetica", labelloc=t, label="{label}"]',
        '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11]',
        '  edge [fontname="Helvetica", fontsize=9, color="#64748b"]',
    ]
    for card in diagram.cards:
        lines += _card(card, ids[card.id])
    lines += [_arrow(arrow, ids, groups) for arrow in diagram.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def _card(card: Card, name: str) -> Iterator[str]:
    label = "\\n".join(_escaped(text) for text in (card.title, *card.lines))
    colour = COLOURS[card.kind]
    if not card.members:
        yield f'  {name} [label="{label}", color="{colour}"]'
        return
    yield f"  subgraph cluster_{name} {{"
    yield f'    label="{label}"; color="{colour}"; fontsize=11'
    for number, member in enumerate(card.members):
        yield f'    {_member(name, number)} [label="{_escaped(member)}"]'
    yield "  }"


def _member(name: str, number: int) -> str:
    return f"{name}m{number}"


def _arrow(arrow: Arrow, ids: Mapping[str, str], groups: set[str]) -> str:
    source, target = ids[arrow.source], ids[arrow.target]
    settings = [f'label="{_escaped(arrow.label)}"'] if arrow.label else []
    settings += ["style=dashed"] if arrow.dashed else []
    if arrow.source in groups:
        settings.append(f"ltail=cluster_{source}")
        source = _member(source, 0)
    if arrow.target in groups:
        settings.append(f"lhead=cluster_{target}")
        target = _member(target, 0)
    return f"  {source} -> {target}" + (f" [{', '.join(settings)}]" if settings else "")


def _escaped(text: str) -> str:
    """Graphviz reads HTML's entities in a label."""
    return one_line(printable(text)).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
