"""boto3 in the process that the emulator runs in calls it as a function: a request over HTTP takes three times as long.

Other processes, forks of this one among them, ask over HTTP; so do all under `--deep`, and whoever asks a proxy.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

from tests import depth
from tests.terraform import quick_moto

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_BODY = (204, 304)
#: A body that is no stream.
_WHOLE = (str, bytes, bytearray, type(None))


@contextmanager
def direct(endpoint: str) -> Iterator[None]:
    """While it lasts, requests to the emulator at `endpoint` (its URL) that boto3 makes here are calls."""
    if depth.is_on():
        yield
        return
    from botocore.httpsession import URLLib3Session
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    application, owner, real = DomainDispatcherApplication(create_backend_app), os.getpid(), URLLib3Session.send

    def send(self: Any, request: Any) -> Any:
        elsewhere = not request.url.startswith(f"{endpoint}/") or os.getpid() != owner
        if elsewhere or self._proxy_config.proxy_url_for(request.url) or not isinstance(request.body, _WHOLE):
            return real(self, request)
        return _answer(application, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(URLLib3Session, "send", send)
        quick_moto.use(patch)
        yield


def _answer(application: Any, request: Any) -> Any:
    from botocore.awsrequest import AWSResponse
    from urllib3 import HTTPResponse

    head: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        head[:] = int(status.split(maxsplit=1)[0]), headers

    pieces = application(_environment(request), start_response)
    body = b"".join(pieces)
    if hasattr(pieces, "close"):
        pieces.close()
    status, headers = head
    raw = HTTPResponse(
        body=io.BytesIO(b"" if request.method == "HEAD" or status in _NO_BODY else body),
        headers=headers,
        status=status,
        preload_content=False,
        decode_content=False,
        request_method=request.method,
    )
    response = AWSResponse(request.url, status, raw.headers, raw)
    if not request.stream_output:
        _ = response.content  # read to its end
    return response


def _environment(request: Any) -> dict[str, Any]:
    """As werkzeug's server makes it of a request (PEP 3333)."""
    url = urlsplit(request.url)
    body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
    target = f"{url.path}?{url.query}" if url.query else url.path
    found: dict[str, Any] = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path).encode().decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "HTTP_ACCEPT_ENCODING": "identity",
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        found[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return found
