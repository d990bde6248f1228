"""A proxy before the emulator that a test can make say, swallow or do something at a certain call."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OURS = ("connection", "transfer-encoding", "content-length")
#: What a test answers in AWS's place: status and body; None lets the call through.
Answer = tuple[int, str] | None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: PUT, /bucket?versioning, and the body; of a service that speaks JSON, its name and the operation's."""

    method: str
    path: str
    body: bytes
    target: str = ""


class _Handler(BaseHTTPRequestHandler):
    """Hands a call on to `target`, unless `before` answers it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as in pr_hosts.py
    target = ""
    before: Callable[[Call], Answer]
    after: Callable[[Call], None]

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(method=self.command, path=self.path, body=body, target=self.headers.get("X-Amz-Target") or "")
        answer = self.before(call)
        if answer is not None:
            self._send(answer[0], [("Content-Type", "application/xml")], answer[1].encode())
            return
        upstream = http.client.HTTPConnection(self.target, timeout=60)
        # Host as it came: it is part of what was signed.
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in (*_OURS, "expect"):
                upstream.putheader(name, value)
        upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)
        reply = upstream.getresponse()
        data = reply.read()
        upstream.close()
        self.after(call)
        self._send(reply.status, reply.getheaders(), data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815 http.server's names

    def _send(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OURS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 http.server's name
        pass


@contextmanager
def proxy(
    target: str, before: Callable[[Call], Answer], after: Callable[[Call], None] = lambda _: None
) -> Iterator[str]:
    """The proxy's URL. `before` is asked first, `after` is told what the emulator has done."""
    parts = {"target": urlsplit(target).netloc, "before": staticmethod(before), "after": staticmethod(after)}
    handler = type("Handler", (_Handler,), parts)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def error(code: str, message: str) -> str:
    """An error as STS words it."""
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{inner}</ErrorResponse>"


def s3_error(code: str, message: str) -> str:
    """An error as S3 words it."""
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
