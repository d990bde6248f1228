"""The channels of images in a diagram: where their AMIs go, in the order of `[publish]`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.drawing.diagram import Arrow, Card, Diagram

if TYPE_CHECKING:
    from tfgen_generators.settings.publish.tables import Publish


def with_channels(diagram: Diagram, publish: Publish) -> Diagram:
    """The diagram of all images, with a card of channels for each card of images."""
    if not publish.is_on:
        return diagram
    cards = [card for card in diagram.cards if card.id.startswith("image ")]
    channels = [_card(card, publish) for card in cards]
    arrows = [Arrow(source=card.id, target=f"channels of {card.id}") for card in cards]
    return replace(diagram, cards=(*diagram.cards, *channels), arrows=(*diagram.arrows, *arrows))


def with_channels_of(diagram: Diagram, publish: Publish, image: str) -> Diagram:
    """The diagram of one image, with a card for each of its channels, one behind the other."""
    if not publish.is_on:
        return diagram
    cards = [
        Card(id=f"channel {name}", kind="channel", title=name, lines=(publish.parameter_name(image, name),))
        for name in publish.channels
    ]
    arrows = list(_chain(["chosen", *(card.id for card in cards)]))
    return replace(diagram, cards=(*diagram.cards, *cards), arrows=(*diagram.arrows, *arrows))


def _card(card: Card, publish: Publish) -> Card:
    line = publish.parameter if card.members else publish.parameter.replace("{image}", card.title)
    return Card(id=f"channels of {card.id}", kind="channel", title=", ".join(publish.channels), lines=(line,))


def _chain(ids: list[str]) -> Iterator[Arrow]:
    for before, after in pairwise(ids):
        yield Arrow(source=before, target=after)
