"""The page of a report. Made with jinja2, which escapes each value; nothing here joins markup."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.status.model import Report
from tfgen.status.page.ancestry import picture_of
from tfgen.status.page.rows import Limits, rows_of
from tfgen.status.page.summary import counts_of, drift_of, orphans_of, title_of, unreadable_of
from tfgen.status.page.text import moment, visible
from tfgen_generators.trees.files import read_text

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
#: What 200 images may take; a larger estate has as much for each of them.
_BYTES, _IMAGES = 295_000, 200
#: From all that is said to what a crowded page has room for. The name of an image is never cut.
_LIMITS = (
    Limits(text=1000, path=400, drift=50, lines=1000),
    Limits(text=300, path=250, drift=10, lines=400),
    Limits(text=160, path=120, drift=3, lines=200),
    Limits(text=110, path=80, drift=1, lines=100),
    Limits(text=70, path=60, drift=1, lines=100),
    Limits(text=40, path=40, drift=0, lines=50),
)


def render(report: Report) -> str:
    """One HTML file that needs nothing else; the same for the same report.

    It has at most 300 kB for 200 images: long reasons and differences are cut until it has.
    """
    allowed = _BYTES * max(len(report.images), _IMAGES) // _IMAGES
    page = ""
    for limits in _LIMITS:
        page = _page(report, limits)
        if len(page.encode()) <= allowed:
            break
    return page


def _page(report: Report, limits: Limits) -> str:
    from markupsafe import Markup

    style, script = _file("page.css"), _file("page.js")
    counts = counts_of(report.images)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title_of(report, counts),
            policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
            "base-uri 'none'; form-action 'none'",
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - a file of this package
            made_at=moment(report.made_at),
            commit=report.commit,
            counts=counts,
            rows=rows_of(report, limits),
            channels=any(image.channels for image in report.images),
            picture=picture_of(report.images),
            listings=[
                listing for find in (drift_of, orphans_of, unreadable_of) if (listing := find(report, limits)).lines
            ],
        )
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return read_text(_TEMPLATES / name)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    """Each value on its way into the page: a text of others with all its signs seen, markup as it is."""
    return visible(value) if type(value) is str else value
