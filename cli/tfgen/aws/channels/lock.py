"""The lock of a channel: a parameter beside it, whose versions are the compare-and-set that SSM lacks (ADR 35).

SSM numbers the versions of a parameter without a gap, and says which number a write got. Whoever reads version n as
free, or as too old, and whose own write gets n + 1, has the lock; a write that gets another number looks at the version
before its own. So of any number of writers one wins, and the others know that they lost. It is never deleted: a number
is never given twice.
"""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tfgen.aws.channels.read import read_channel, time_of
from tfgen.aws.failures import AwsError
from tfgen_generators.errors import BusyError, TfgenError

if TYPE_CHECKING:
    from tfgen.aws.channels.read import Pointer
    from tfgen.aws.session import Account

#: After so long a lock is one of a run that was killed. Nobody holds one longer than half of it.
LEASE = 600.0
_FREE = "free"
_HELD = re.compile(r"held since (\S+) by (\S+) run ([0-9a-f]{32})")
#: Two writes of one parameter at the same moment.
_RACES = ("TooManyUpdates", "ParameterAlreadyExists")


class ChannelLock:
    """A held lock. `release` it, unless the process was killed: then it is taken over after LEASE seconds."""

    def __init__(self, account: Account, name: str) -> None:
        self._account, self._name, self._run = account, name, uuid.uuid4().hex
        self._since = time.monotonic()

    def acquire(self) -> None:
        """Raises BusyError while another run has it, AwsError."""
        identity = self._account.call("sts", "get_caller_identity")
        now = time_of(identity)
        before = read_channel(self._account, self._name)
        if holder := _holder(before, now):
            raise self._busy(holder)
        text = f"held since {now:%Y-%m-%dT%H:%M:%SZ} by {identity['Arn']} run {self._run}"
        self._since = time.monotonic()
        number = self._write(text)
        if number == (before.version if before else 0) + 1:
            return
        latest = read_channel(self._account, self._name, number - 1)
        if latest is not None and self._run not in latest.value and (holder := _holder(latest, now)):
            raise self._busy(holder)

    def require(self) -> None:
        """Raises TfgenError when it was held too long to be certain of it."""
        if time.monotonic() - self._since > LEASE / 2:
            raise TfgenError(
                "AWS answers too slowly to move a channel", fix="run it again: it goes on where it stopped"
            )

    def release(self) -> None:
        """Frees it; one that may be another's by now stays."""
        if time.monotonic() - self._since < LEASE:
            self._write(_FREE)

    def _write(self, text: str) -> int:
        try:
            answer = self._account.call(
                *("ssm", "put_parameter"), Name=self._name, Value=text, Type="String", Overwrite=True
            )
        except AwsError as error:
            if error.code in _RACES:
                raise self._busy("another run") from None
            raise
        return int(answer["Version"])

    def _busy(self, holder: str) -> BusyError:
        channel = self._name.rpartition(".")[0]
        fix = f"try again later; after {LEASE / 60:.0f} minutes the lock of a run that was killed is taken over"
        return BusyError(f"{channel} is being moved by {holder} (parameter {self._name})", fix=fix)


def _holder(lock: Pointer | None, now: datetime) -> str:
    """Who has it, "" when nobody does, or a run that was killed."""
    if lock is None or lock.value == _FREE:
        return ""
    match = _HELD.fullmatch(lock.value)
    if match is None:
        return "somebody who wrote it by hand: write the text free into it"
    try:
        since = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return match[2]
    return f"{match[2]} since {match[1]}" if (now - since).total_seconds() < LEASE else ""
