"""`tfgen status --watch`: the table again and again on a terminal, until Ctrl-C."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from tfgen.console import is_terminal
from tfgen.status.model import Report
from tfgen.status.show.table import show
from tfgen_generators.errors import TfgenError, UsageError

if TYPE_CHECKING:
    from rich.text import Text

#: Seconds between two looks.
_PAUSE = 30.0


def require_terminal() -> None:
    """Raises UsageError where nothing can be refreshed."""
    if not is_terminal(sys.stdout):
        raise UsageError("--watch needs a terminal", fix="remove it, or run tfgen status again and again")


def watch(look: Callable[[], Report]) -> NoReturn:
    """Shows what `look` finds until it is interrupted. A look that fails is shown, unless it is the first."""
    from rich.console import Console
    from rich.live import Live

    shown = _as_text(look())
    with Live(_text(shown), console=Console(), screen=True, auto_refresh=False) as live:
        while True:
            live.refresh()
            time.sleep(pause())
            try:
                shown = _as_text(look())
                live.update(_text(shown))
            except TfgenError as error:
                live.update(_text(f"{shown}\nerror: {error}"))


def _as_text(report: Report) -> str:
    """The table as `tfgen status` prints it, without colours."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        show(report)
    return f"{report.made_at}, every {pause():.0f}s, Ctrl-C ends it\n\n{out.getvalue()}"


def _text(shown: str) -> Text:
    from rich.text import Text

    return Text(shown, no_wrap=True, overflow="ellipsis")


def pause() -> float:
    """TFGEN_STATUS_PAUSE, in seconds."""
    try:
        return max(float(os.environ.get("TFGEN_STATUS_PAUSE", "")), 0.01)
    except ValueError:
        return _PAUSE
