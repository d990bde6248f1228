"""Waiting between tries: how long, how often, and the one place that sleeps."""

from __future__ import annotations

import time

#: Seconds before the second, third, ... try.
DELAYS = (1.0, 2.0, 4.0, 8.0)
#: A host that asks for more patience than this is asked again by the next CI run.
MOST_PATIENCE = 120.0


def pause(seconds: float) -> None:
    """Sleeps."""
    time.sleep(seconds)
