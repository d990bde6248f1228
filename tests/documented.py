"""The examples of the documentation: commands and what they print."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def console_blocks(page: str) -> dict[str, str]:
    """Command -> its output, of every console block of a page."""
    found: dict[str, str] = {}
    for block in (ROOT / page).read_text().split("```console\n")[1:]:
        command = ""
        for line in block.split("```")[0].splitlines():
            if line.startswith("$ "):
                command = line[2:]
                found[command] = ""
            else:
                found[command] += f"{line}\n"
    return found
