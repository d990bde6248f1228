"""What adopt knows of each image, and what it would do."""

from __future__ import annotations

from typing import Literal

import msgspec

from tfgen_generators.packer.model import Template
from tfgen_generators.root_module.hand_written import HandCall

#: adopt: its call becomes a generated one; create: it has none yet; keep: it is generated already;
#: refuse: a person must decide; leave: a call that is no template's.
Action = Literal["adopt", "create", "keep", "refuse", "leave"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One image, or one call without a template: `template` is None then. `reason` and `fix` say why it is refused.

    `choices` are what a person may say to that, LABEL=TEMPLATE each.
    """

    name: str
    template: Template | None
    call: HandCall | None
    action: Action
    reason: str = ""
    fix: str = ""
    choices: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where a message is about it."""
        return self.call.place if self.call else self.template.path if self.template else self.name


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """A template and its call."""

    template: Template
    call: HandCall
