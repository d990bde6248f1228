"""When an execution that CodeBuild's full queue refused is started again."""

from __future__ import annotations

import hashlib

#: Executions that are refused one after the other before the image counts as failed.
MOST_TRIES = 12
#: Seconds; a later time in the table is that of a clock which is wrong, or of a hand.
LONGEST = 3600.0
_FIRST = 60.0


def delay(image: str, tries: int) -> float:
    """Seconds until the next try after so many refused ones: twice as long each time, up to an hour.

    Each image has its own part of it, from its digest, so that those refused together do not come back together.
    """
    digest = hashlib.sha256(f"{image}/{tries}".encode()).digest()
    part = int.from_bytes(digest[:4], "big") / 0xFFFFFFFF
    return min(_FIRST * 2.0 ** (tries - 1), LONGEST) * (0.5 + part / 2)
