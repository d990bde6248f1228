"""The pages of `docs/`, by topic: `plan-and-apply`, `rules/no-manifest`, `adr/0007-identity`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.trees.files import read_bytes

_ENDING = ".md"


def folder() -> Path:
    """Where the pages are: in the clone, or in the installed package. Raises TfgenError where neither has them."""
    package = Path(__file__).resolve().parents[1]
    for found in (package.parents[1] / "docs", package / "docs"):
        if (found / "architecture.md").is_file():
            return found
    raise TfgenError(
        "the pages of the documentation are missing in this installation",
        fix="remove tfgen-ami and install it anew, from its wheel or commit",
    )


def topics(below: str = "") -> list[str]:
    """The topics in the folder `below` of the pages, sorted; those of its folders are not among them."""
    try:
        names = os.listdir(folder() / below)  # noqa: PTH208 names alone
    except OSError:
        return []
    return sorted(f"{below}/{stem}".lstrip("/") for name in names if (stem := name.removesuffix(_ENDING)) != name)


def page_of(topic: str) -> str:
    """The text of a page, by its topic, path (`docs/graph.md`) or, where just one has it, the last part of its topic.

    Raises UsageError with the nearest topic for an unknown one.
    """
    known = [one for below in ("", "reference", "rules", "adr") for one in topics(below)]
    wanted = topic.removeprefix("docs/").removesuffix(_ENDING)
    if wanted not in known:
        by_name = [one for one in known if one.rpartition("/")[2] == wanted]
        if len(by_name) != 1:
            raise UsageError(f"there is no page on {topic!r}", fix=_nearest(wanted, known))
        (wanted,) = by_name
    return read_bytes(folder() / f"{wanted}{_ENDING}").decode()


def title_of(topic: str) -> str:
    """The heading of a page."""
    return page_of(topic).partition("\n")[0].lstrip("# ")


def _nearest(wanted: str, known: Sequence[str]) -> str:
    """Of the topics themselves or, where a rule or a decision is meant, of theirs."""
    hint = did_you_mean(wanted, {*known, *(one.rpartition("/")[2] for one in known)}) if wanted else ""
    return hint if hint.startswith("did") else "tfgen docs lists the pages"
