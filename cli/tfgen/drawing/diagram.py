"""A diagram: cards, arrows between them, and what is said below. Texts are plain; each format escapes them itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

#: What a card stands for; `foreign` are images that are not built here, `unbuilt` those that should be.
Kind = Literal["image", "chosen", "foreign", "unbuilt", "playbook", "role", "files", "broken", "channel"]

#: The colour of each, on a light page.
COLOURS: Mapping[Kind, str] = {
    "image": "#2563eb",
    "chosen": "#c2410c",
    "foreign": "#64748b",
    "unbuilt": "#dc2626",
    "broken": "#dc2626",
    "playbook": "#7c3aed",
    "role": "#0f766e",
    "files": "#a16207",
    "channel": "#15803d",
}


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A box: a title, or `members` of which each is an image of its own, and small lines below."""

    id: str
    kind: Kind
    title: str = ""
    members: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """From a card to another one; `dashed` where a name is computed, so that it may lead elsewhere."""

    source: str
    target: str
    label: str = ""
    dashed: bool = False


class Diagram(msgspec.Struct, frozen=True, kw_only=True):
    """`notes` hold for the whole diagram."""

    title: str
    description: str
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...] = ()
    notes: tuple[str, ...] = ()
