"""What a process writes: both streams read to their end, in bounded memory."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable

#: The longest line that is kept whole, in bytes; no event of Terraform's comes near it.
LONGEST = 1 << 22
#: How often `on_tick` is called, in seconds.
TICK = 0.25
#: How many of the last bytes of stderr are kept.
_KEPT = 1 << 16
#: How long a child of Terraform's may keep its stdout open after Terraform has ended, in seconds.
_LINGER = 2.0
_CHUNK = 1 << 16
#: In how many bytes of a line it is looked for what makes it one that must not be cut.
_BEGINNING = 200


class Lines:
    """Splits what it is fed; of a line longer than `longest` only the beginning is given, and `cut` counts it.

    A line that has `whole` in its first 200 bytes is given whole.
    """

    def __init__(self, longest: int = LONGEST, whole: bytes = b"") -> None:
        self.cut = 0
        self._longest = longest
        self._whole = whole
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, each with its end."""
        found: list[bytes] = []
        *whole, rest = data.split(b"\n")
        for piece in whole:
            if self._skipping:
                self._skipping = False
            elif self._rest:
                self._rest += piece
                found.append(bytes(self._rest) + b"\n")
            else:
                found.append(piece + b"\n")
            self._rest.clear()
        if not self._skipping:
            self._rest += rest
            if len(self._rest) > self._longest and not self._is_whole():
                found.append(bytes(self._rest[: self._longest]) + b"\n")
                self._rest.clear()
                self._skipping = True
                self.cut += 1
        return found

    def _is_whole(self) -> bool:
        return bool(self._whole) and self._whole in self._rest[:_BEGINNING]

    def end(self) -> list[bytes]:
        """The last line, when it has no end."""
        rest = bytes(self._rest)
        self._rest.clear()
        return [rest] if rest else []


class Pump:
    """Hands on what it reads, whatever the callbacks do; the first thing that they raise is `trouble`.

    `on_output` gets all of both streams, that of stdout in whole lines. `tail` is the end of stderr. Without
    `whole_lines` stdout is handed on in the pieces in which it comes. A line that begins with `uncut` is never cut.
    """

    def __init__(
        self,
        on_line: Callable[[bytes], None],
        on_stderr: Callable[[bytes], None],
        on_output: Callable[[bytes], None],
        on_tick: Callable[[], None],
        *,
        whole_lines: bool,
        uncut: bytes = b"",
    ) -> None:
        self.lines, self.tail = Lines(whole=uncut), bytearray()
        self.trouble: Exception | None = None
        self._on_line, self._on_stderr = on_line, on_stderr
        self._on_output, self._on_tick = on_output, on_tick
        self._whole_lines = whole_lines

    def drain(self, process: subprocess.Popen[bytes], out: int, err: int) -> None:
        """Reads until both have ended, or _LINGER after the process has: a grandchild may hold them open."""
        ended, ticked = None, time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ, self._stdout)
            selector.register(err, selectors.EVENT_READ, self._stderr)
            while selector.get_map() and (ended is None or time.monotonic() - ended < _LINGER):
                for key, _ in selector.select(TICK):
                    if data := os.read(key.fd, _CHUNK):
                        key.data(data)
                    else:
                        selector.unregister(key.fd)
                if (now := time.monotonic()) - ticked >= TICK:
                    ticked = now
                    self._guarded(self._on_tick)
                    if ended is None and process.poll() is not None:
                        ended = now
        self._hand_on(self.lines.end())

    def _stdout(self, data: bytes) -> None:
        self._hand_on(self.lines.feed(data) if self._whole_lines else [data])

    def _hand_on(self, lines: list[bytes]) -> None:
        self._guarded(self._on_output, b"".join(lines))
        for line in lines:
            self._guarded(self._on_line, line)

    def _stderr(self, data: bytes) -> None:
        self.tail += data
        del self.tail[:-_KEPT]
        self._guarded(self._on_output, data)
        self._guarded(self._on_stderr, data)

    def _guarded(self, callback: Callable[..., None], *arguments: bytes) -> None:
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001 kept, and raised once Terraform has ended
            self.trouble = self.trouble or error
