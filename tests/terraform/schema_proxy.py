"""Between Terraform and a provider that runs: of the provider's schema, Terraform gets the types that tests use.

Terraform asks for the schemas of all types of AWS, a thousand, several times in each command: half of a plan's time.
The provider is asked once, and is told of each other call that nobody waits for it. All else goes through as it is:
frames of HTTP/2 (RFC 9113), whose headers (RFC 7541) are only read as far as it takes to know this call.

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
_DATA, _HEADERS, _RESET, _SETTINGS, _WINDOW_UPDATE = 0, 1, 3, 4, 8
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4
_CANCEL = (8).to_bytes(4, "big")
#: The path /tfplugin5.Provider/GetSchema as it is sent, in Huffman's code.
_PATH = bytes.fromhex("6132d745b31aa6d7d761fb9a42d8c622a771272d23")
#: Entries of the table that have numbers of their own.
_STATIC = 61
#: So many headers that a connection has named surely fit into its table, which then forgets none.
_MOST_NAMED = 40
#: Status 200 and the content's type; the end, with gRPC's status 0.
_ANSWER = b"\x88\x0f\x10\x10application/grpc"
_END = b"\x00\x0bgrpc-status\x010"
_INITIAL_WINDOW_SIZE = 4
_WINDOW = 65_535
_FRAME = 16_384
#: A message begins with a byte and its length.
_PREFIX = 5
#: Bytes that no other answer has.
_SCHEMA = 1 << 19
#: Fields of GetProviderSchema.Response: by the name of a resource, of a data source.
_BY_NAME = (2, 3)


def frame(kind: int, stream: int, data: bytes, flags: int = 0) -> bytes:
    return len(data).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + data


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


class Calls:
    """Which of the calls of a connection are for the schema."""

    def __init__(self) -> None:
        self._named: list[bool] = []  # the newest first

    def is_schema(self, flags: int, block: bytes) -> bool:
        """By the headers that a call begins with; all of them must be given."""
        if flags != _END_HEADERS or len(self._named) > _MOST_NAMED:
            self._named = [False] * (_MOST_NAMED + 1)  # from now on each is left to the provider
            return False
        at, found = 0, False
        while at < len(block):
            first = block[at]
            bits = 7 if first & 0x80 else 6 if first & 0x40 else 5 if first & 0x20 else 4
            number, at = _number(block, at, bits)
            if bits == 7:
                known = number - _STATIC - 1
                found |= 0 <= known < len(self._named) and self._named[known]
            elif bits != 5:
                if not number:
                    at = _text(block, at)[1]
                value, at = _text(block, at)
                found |= value == _PATH
                if bits == 6:
                    self._named.insert(0, value == _PATH)
        return found


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value = block[at] & most
    if value < most:
        return value, at + 1
    more, at = _varint(block, at + 1)
    return most + more, at


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    size, at = _number(block, at, 7)
    return block[at : at + size], at + size


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

    def __init__(self, client: socket.socket, server: socket.socket, known: list[bytes], names: frozenset[bytes]):
        self._client, self._server, self._known, self._names = client, server, known, names
        self._sending, self._answering = threading.Lock(), threading.Lock()
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
        calls, answered = Calls(), set[int]()
        for kind, flags, stream, head, data in _frames(source):
            if kind == _WINDOW_UPDATE:
                self._widen(stream, int.from_bytes(data, "big"))
                continue
            if kind == _SETTINGS and not flags & _ACK:
                self._set(data)
            if stream in answered:
                continue
            if kind == _HEADERS and calls.is_schema(flags, data) and self._known:
                answered.add(stream)
                threading.Thread(target=self._call, args=[stream], daemon=True).start()
            self._send(head + data + (frame(_RESET, stream, _CANCEL) if stream in answered else b""))

    def _call(self, stream: int) -> None:
        """The whole answer to a call that the provider does not answer."""
        with contextlib.suppress(OSError):
            self._say(frame(_HEADERS, stream, _ANSWER, _END_HEADERS))
            self._answer(stream, self._known[0])
            self._say(frame(_HEADERS, stream, _END, _END_HEADERS | _END_STREAM))

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
                    self._known[:] = [reduced(bytes(schema[_PREFIX:]), self._names)]
                    self._answer(stream, self._known[0])
                continue
            if kind == _DATA:
                with self._changed:
                    self._whole -= len(data)
            self._say(head + data)

    def _say(self, data: bytes) -> None:
        with self._answering:
            self._client.sendall(data)

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
            self._say(frame(_DATA, stream, piece))
            sent += len(piece)


def main(here: str, there: str, file: str) -> None:
    names = frozenset(Path(file).read_bytes().split())
    known: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(here)
        listening.listen(64)
        while True:
            client = listening.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            server.connect(there)
            Connection(client, server, known, names).start()


if __name__ == "__main__":
    main(*map(os.fspath, sys.argv[1:4]))
