"""A report as one HTML file."""

from __future__ import annotations

from tfgen.status.model import Report
from tfgen_generators.errors import TfgenError


def render(report: Report) -> str:
    """The page, made of `report` alone."""
    raise TfgenError("not available")
