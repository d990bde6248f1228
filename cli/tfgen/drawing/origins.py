"""Cards for what images start from that is not built here, and for the channels that they go to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.drawing.diagram import Arrow, Card, Diagram, Kind

if TYPE_CHECKING:
    from tfgen_generators.ancestry.parents import Ancestry, Origin
    from tfgen_generators.settings.publish.tables import Publish

#: What the card says of it, by status; the others are images of this repository.
_SAID = {
    "public": "",
    "id": "fixed AMI id",
    "account": "image of another account",
    "unknown": "known only in AWS",
    "unbuilt": "no template builds it",
}


class Origins:
    """The cards, one for all images that start from the same."""

    def __init__(self, ancestry: Ancestry) -> None:
        self._ancestry = ancestry
        self._cards: dict[str, Card] = {}
        for name in sorted(ancestry.origins):
            for origin in self._foreign(name):
                card = _card(origin)
                self._cards.setdefault(card.id, card)

    def _foreign(self, name: str) -> Iterator[Origin]:
        return (origin for origin in self._ancestry.origins.get(name, ()) if origin.status in _SAID)

    def of(self, name: str) -> tuple[str, ...]:
        """Ids of the cards that the image `name` starts from."""
        return tuple(dict.fromkeys(_id(origin) for origin in self._foreign(name)))

    def arrows(self, name: str, target: str) -> Iterator[Arrow]:
        """An arrow from each of them to the card `target`."""
        return (Arrow(source=source, target=target) for source in self.of(name))

    def cards(self, ids: Iterable[str] | None = None) -> list[Card]:
        """All cards, or those of `ids`."""
        return [self._cards[name] for name in (sorted(self._cards) if ids is None else ids)]


def _id(origin: Origin) -> str:
    return f"{origin.status} {origin.owners} {_wanted(origin)}"


def _wanted(origin: Origin) -> str:
    """What is looked for, without the setting that says so."""
    return origin.label.partition(": ")[2] or origin.label


def _card(origin: Origin) -> Card:
    wanted, said = _wanted(origin), _SAID[origin.status]
    named = origin.owners if origin.status in ("public", "account") else ""
    lines = [*([wanted.removeprefix("name ")] if named else []), *([said] if said else [])]
    if origin.nearest:
        lines.append(f"did you mean {origin.nearest}?")
    kind: Kind = "unbuilt" if origin.status == "unbuilt" else "foreign"
    return Card(id=_id(origin), kind=kind, title=named or wanted.removeprefix("name "), lines=tuple(lines))


def with_channels(diagram: Diagram, publish: Publish) -> Diagram:
    """The diagram of all images, with a card of channels for each card of images."""
    if not publish.is_on:
        return diagram
    cards = [card for card in diagram.cards if card.id.startswith("image ")]
    channels = [_channels(card, publish) for card in cards]
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


def _channels(card: Card, publish: Publish) -> Card:
    line = publish.parameter if card.members else publish.parameter.replace("{image}", card.title)
    return Card(id=f"channels of {card.id}", kind="channel", title=", ".join(publish.channels), lines=(line,))


def _chain(ids: list[str]) -> Iterator[Arrow]:
    for before, after in pairwise(ids):
        yield Arrow(source=before, target=after)
