"""The counts at the top of the page, and the lists below the table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen.phrases import counted
from tfgen.status.model import ImageStatus, Orphan, Report
from tfgen.status.page.rows import BETWEEN, Limits, marks_of
from tfgen.status.page.states import STATES, Tone
from tfgen.status.page.text import cut, name

_MARKS: tuple[tuple[str, str, str, Tone], ...] = (
    ("behind", "behind the code", "!", "bad"),
    ("stale", "with a stale parent", "!", "warn"),
    ("drift", "with drift", "\u2260", "warn"),
    ("unreadable", "not readable in full", "?", "warn"),
)
_KINDS = {
    "pipeline": "pipeline without an image",
    "image": "image without a pipeline",
    "duplicate": "second pipeline of an image",
}


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many images have a mark, and the number of the first of them."""

    mark: str
    word: str
    sign: str
    tone: Tone
    number: int
    first: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a list; the first cell is its heading."""

    head: str
    cells: tuple[str, ...]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A table below the images; `more` lines had no room."""

    id: str
    title: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    more: int


def counts_of(images: Sequence[ImageStatus]) -> tuple[Count, ...]:
    """States first, the worst of them at the front; then what else is to be looked at."""
    firsts: dict[str, int] = {}
    numbers: dict[str, int] = {}
    for number, image in enumerate(images):
        for mark in marks_of(image):
            firsts.setdefault(mark, number)
            numbers[mark] = numbers.get(mark, 0) + 1
    known = [(mark, state.word, state.sign, state.tone) for mark, state in STATES.items()] + list(_MARKS)
    return tuple(
        Count(mark=mark, word=word, sign=sign, tone=tone, number=numbers[mark], first=firsts[mark])
        for mark, word, sign, tone in known
        if mark in numbers
    )


def title_of(report: Report, counts: Sequence[Count]) -> str:
    """What stands in the browser's tab."""
    said = [f"{count.number} {count.mark}" for count in counts if count.mark in {"red", "missing", "behind"}]
    return ", ".join(["AMI status: " + counted(len(report.images), "image"), *said])


def orphans_of(report: Report, limits: Limits) -> Listing:
    """Pipelines and images that have no other half."""
    return Listing(
        id="orphans",
        title="Orphans",
        header=("Name", "What it is", "Region", "Account", "Why"),
        lines=tuple(_orphan(orphan, limits) for orphan in report.orphans[: limits.lines]),
        more=max(len(report.orphans) - limits.lines, 0),
    )


def _orphan(orphan: Orphan, limits: Limits) -> Line:
    cells = (_KINDS[orphan.kind], orphan.region, orphan.account, cut(orphan.reason, limits.text))
    return Line(head=name(orphan.name), cells=cells)


def drift_of(report: Report, limits: Limits) -> Listing:
    """Differences that belong to no image."""
    return Listing(
        id="drift",
        title="Drift of no image",
        header=("What", "Between", "Field", "Expected", "Found"),
        lines=tuple(
            Line(
                head=name(cut(one.what, limits.text)),
                cells=(
                    BETWEEN[one.between],
                    *(cut(text, limits.text) for text in (one.field, one.expected, one.found)),
                ),
            )
            for one in report.drift[: limits.lines]
        ),
        more=max(len(report.drift) - limits.lines, 0),
    )


def unreadable_of(report: Report, limits: Limits) -> Listing:
    """Cells that could not be read, of the whole report and of its images."""
    found = [("all images", "", one) for one in report.unreadable]
    found += [(name(image.image), image.region, one) for image in report.images for one in image.unreadable]
    return Listing(
        id="unreadable",
        title="Not readable",
        header=("Image", "Region", "What", "Action", "Error"),
        lines=tuple(
            Line(
                head=image,
                cells=(region, cut(one.cell, limits.text), cut(one.action, limits.text), cut(one.error, limits.text)),
            )
            for image, region, one in found[: limits.lines]
        ),
        more=max(len(found) - limits.lines, 0),
    )
