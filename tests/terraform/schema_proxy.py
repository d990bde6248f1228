"""Between Terraform and a provider that runs: of the provider's schema, Terraform gets the types that tests use.

Terraform reads the schemas of all types of AWS, a thousand, several times in each command: half of a plan's time. All
else goes through as it is: frames of HTTP/2 (RFC 9113), of which only those of an answer as long as a schema are read.

A program of its own: `python schema_proxy.py SOCKET PROVIDER'S-SOCKET NAMES` (a file, one type a line).
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_PREFACE = 24
_HEAD = 9
_DATA, _SETTINGS, _WINDOW_UPDATE = 0, 4, 8
_ACK = 1
_INITIAL_WINDOW_SIZE = 4
_WINDOW = 65_535
_FRAME = 16_384
#: A message begins with a byte and its length.
_PREFIX = 5
#: Bytes that no other answer has.
_SCHEMA = 1 << 19
#: Fields of GetProviderSchema.Response: by the name of a resource, of a data source.
_BY_NAME = (2, 3)


def frame(kind: int, stream: int, data: bytes) -> bytes:
    return len(data).to_bytes(3, "big") + bytes([kind, 0]) + stream.to_bytes(4, "big") + data


def _update(stream: int, count: int) -> bytes:
    return frame(_WINDOW_UPDATE, stream, count.to_bytes(4, "big"))


def _frames(source: BinaryIO) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    """Kind, flags, stream, head and content of each frame."""
    while len(head := source.read(_HEAD)) == _HEAD:
        data = source.read(int.from_bytes(head[:3], "big"))
        yield head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, head, data


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def reduced(message: bytes, names: frozenset[bytes]) -> bytes:
    """A GetProviderSchema.Response with the types of these names alone."""
    kept, at = [], 0
    while at < len(message):
        begin = at
        tag, at = _varint(message, at)
        size, at = _varint(message, at)
        assert tag & 7 == 2, "each field of it has a length"
        if tag >> 3 not in _BY_NAME or message[at + 2 : at + 2 + message[at + 1]] in names:
            kept.append(message[begin : at + size])
        at += size
    return b"".join(kept)


class Connection:
    """One of Terraform's, and its own to the provider."""

    def __init__(self, client: socket.socket, server: socket.socket, reduce: Callable[[bytes], bytes]) -> None:
        self._client, self._server, self._reduce = client, server, reduce
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        #: What the client takes at once: of all streams, of a new one, and what it has added to each.
        self._whole, self._initial = _WINDOW, _WINDOW
        self._added: dict[int, int] = {}
        #: Bytes that the client has got, and that the provider has not sent.
        self._owed = 0

    def start(self) -> None:
        for work in (self._forth, self._back):
            threading.Thread(target=self._run, args=[work], daemon=True).start()

    def _run(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            work()
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._changed:
            self._whole = self._initial = 1 << 40  # nobody need wait
            self._changed.notify_all()

    def _send(self, data: bytes) -> None:
        with self._sending:
            self._server.sendall(data)

    def _forth(self) -> None:
        """What Terraform says."""
        source = self._client.makefile("rb")
        self._send(source.read(_PREFACE))
        for kind, flags, stream, head, data in _frames(source):
            if kind == _WINDOW_UPDATE:
                self._widen(stream, int.from_bytes(data, "big"))
                continue
            if kind == _SETTINGS and not flags & _ACK:
                self._set(data)
            self._send(head + data)

    def _widen(self, stream: int, count: int) -> None:
        with self._changed:
            if stream:
                self._added[stream] = self._added.get(stream, 0) + count
            else:
                self._whole += count
                paid = min(self._owed, count)
                self._owed -= paid
                count -= paid
            self._changed.notify_all()
        if count:
            self._send(_update(stream, count))

    def _set(self, data: bytes) -> None:
        for at in range(0, len(data), 6):
            if int.from_bytes(data[at : at + 2], "big") == _INITIAL_WINDOW_SIZE:
                with self._changed:
                    self._initial = int.from_bytes(data[at + 2 : at + 6], "big")
                    self._changed.notify_all()

    def _back(self) -> None:
        """What the provider answers."""
        seen: set[int] = set()
        schema, left, stream_of_it = bytearray(), 0, 0
        for kind, _, stream, head, data in _frames(self._server.makefile("rb")):
            if kind == _DATA and stream not in seen and len(data) >= _PREFIX:
                seen.add(stream)
                size = int.from_bytes(data[1:_PREFIX], "big")
                if size > _SCHEMA:
                    schema, left, stream_of_it = bytearray(), size + _PREFIX, stream
            if kind == _DATA and left and stream == stream_of_it:
                schema += data
                left -= len(data)
                self._send(_update(0, len(data)) + _update(stream, len(data)))
                if not left:
                    self._answer(stream, self._reduce(bytes(schema[_PREFIX:])))
                continue
            if kind == _DATA:
                with self._changed:
                    self._whole -= len(data)
            self._client.sendall(head + data)

    def _answer(self, stream: int, message: bytes) -> None:
        """Gives the client a message, as fast as it takes it; what follows waits."""
        data = b"\0" + len(message).to_bytes(4, "big") + message
        with self._changed:
            self._owed += len(data)
        sent = 0
        while sent < len(data):
            with self._changed:
                while (free := min(self._whole, self._initial + self._added.get(stream, 0) - sent)) <= 0:
                    self._changed.wait()
                piece = data[sent : sent + min(free, _FRAME)]
                self._whole -= len(piece)
            self._client.sendall(frame(_DATA, stream, piece))
            sent += len(piece)


def main(here: str, there: str, file: str) -> None:
    names = frozenset(Path(file).read_bytes().split())
    known: dict[int, bytes] = {}

    def reduce(message: bytes) -> bytes:
        if len(message) not in known:  # a program has one schema
            known[len(message)] = reduced(message, names)
        return known[len(message)]

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(here)
        listening.listen(64)
        while True:
            client = listening.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            server.connect(there)
            Connection(client, server, reduce).start()


if __name__ == "__main__":
    main(*map(os.fspath, sys.argv[1:4]))
