"""The file of import blocks that bring live pipelines into the state: gone when the state has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfgen_generators.generated.ownership import sign
from tfgen_generators.hcl.write import quote

FILE = "adopt_imports.gen.tf"
_SOURCE = "tfgen.toml"
_BLOCK = "import {\n"


def block_text(imports: Mapping[str, str]) -> str:
    """The file of these blocks (address -> ID), "" without any."""
    return _text({address: f"  id = {quote(found)}" for address, found in imports.items()})


def left(text: str, known: Iterable[str]) -> tuple[str, int]:
    """The file without the blocks whose addresses the state has ("" where none is left), and how many went."""
    gone, kept, number = frozenset(known), dict[str, str](), 0
    for block in text.replace("\r\n", "\n").split(_BLOCK)[1:]:
        target, identity, *_ = block.splitlines()
        address = target.partition(" = ")[2]
        if address in gone:
            number += 1
        else:
            kept[address] = identity
    return _text(kept), number


def _text(lines: Mapping[str, str]) -> str:
    blocks = [f"{_BLOCK}  to = {address}\n{line}\n}}\n" for address, line in sorted(lines.items())]
    return sign(_SOURCE, "\n".join(blocks)) if blocks else ""
