"""Times of the document, compared."""

from __future__ import annotations

from datetime import datetime

from tfgen.phrases import duration


def took(began: str, ended: str) -> str:
    """From one to the other, `3m05s`; "-" where one of them is no time."""
    try:
        seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
    except (ValueError, TypeError):
        return "-"
    return duration(max(0.0, seconds))
