"""JSON over HTTP as the hosts' APIs want it: TLS, time-outs, tries, rate limits; tokens that go to one host alone."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from tfgen.console import note
from tfgen.hosts import waiting
from tfgen.hosts.model import UnsureError
from tfgen_generators.errors import TfgenError, UsageError

if TYPE_CHECKING:
    from urllib3 import PoolManager

_T = TypeVar("_T")
_LOOPBACK = re.compile(r"127(\.\d+){3}|localhost|::1")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
#: Asked twice, they have done the same as asked once.
_REPEATABLE = frozenset({"GET", "PATCH", "PUT"})
_CONNECT, _READ = 10.0, 30.0
#: A page of a hundred long comments takes a quarter of it.
_MOST_BYTES = 64 * 1024 * 1024


def bearer(token: str) -> str:
    """The value of an Authorization header."""
    return f"Bearer {_header(token)}"


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _header(token: str) -> str:
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError("the token contains invalid characters", fix="set its variable to the token only")
    return token


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a status that is no failure, or one of those that the caller wanted to see."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def decode(self, kind: type[_T]) -> _T:
        """The body as `kind`. Raises TfgenError."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.DecodeError as error:
            raise TfgenError(f"unexpected response from the host's API: {error}") from None


class Api:
    """One API: paths below `base`, JSON in and out, `headers` (with the token) for it alone.

    `permission` is what the token needs, for the message when it is refused.
    """

    def __init__(self, base: str, *, name: str, headers: Mapping[str, str], permission: str) -> None:
        parts = urlsplit(base)
        loopback = _LOOPBACK.fullmatch(parts.hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise UsageError(f"{name}'s API URL must be https://", fix="fix the variable that sets it")
        if parts.username or parts.password:
            raise UsageError(f"{name}'s API URL contains a password", fix="set the token's own variable instead")
        self.base, self.name, self.permission = base.rstrip("/"), name, permission
        self._origin = (parts.scheme, parts.netloc)
        self._headers = {"User-Agent": "tfgen", **headers}
        self._pool = _pool(base)

    def get(self, path: str, *, accept: tuple[int, ...] = ()) -> Answer:
        """Reads `path`, or an address of the same host; statuses in `accept` are no failure. Raises TfgenError."""
        return self._send("GET", path, None, accept)

    def send(self, method: str, path: str, document: Mapping[str, object]) -> Answer:
        """Sends `document`. Raises UnsureError when a POST may have been carried out, TfgenError otherwise."""
        return self._send(method, path, msgspec.json.encode(document), ())

    def _send(self, method: str, path: str, data: bytes | None, accept: tuple[int, ...]) -> Answer:
        url = self._address(path)
        patience = waiting.MOST_PATIENCE
        for delay in (*waiting.DELAYS, None):
            answer, problem = self._try(method, url, data)
            if answer and (answer.status < 300 or answer.status in accept) and not _wait_wanted(answer):
                return answer
            wanted = _wait_wanted(answer) if answer else None
            if answer and wanted is None and answer.status < 500:
                raise self._refused(answer)
            if wanted is None and method not in _REPEATABLE:
                raise UnsureError(f"{self.name} {problem}")
            seconds = max(delay or 0, wanted or 0)
            if delay is None or seconds > patience:
                limited = f"; retry after {seconds:.0f} s" if wanted else ""
                raise TfgenError(f"{self.name} {problem}{limited}", fix="try again later")
            note(f"{self.name} {problem}; retrying in {seconds:.0f} s")
            patience -= seconds
            waiting.pause(seconds)
        raise AssertionError("unreachable")  # pragma: no cover

    def _try(self, method: str, url: str, data: bytes | None) -> tuple[Answer | None, str]:
        """One request, redirects within the host followed; an answer, and what is wrong."""
        from urllib3.exceptions import HTTPError

        headers = {**self._headers, **({"Content-Type": "application/json"} if data else {})}
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                answer = self._ask(method, url, data, headers)
            except HTTPError as error:
                return None, _unreachable(error)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer, _problem(answer)
            if method != "GET" and answer.status not in (307, 308):
                break
            url = self._address(urljoin(url, location))
        raise TfgenError(f"{self.name} redirects: the repository has moved", fix="check the repository's name")

    def _ask(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        response = self._pool.request(
            method, url, body=data, headers=headers, redirect=False, retries=False, preload_content=False
        )
        try:
            body = response.read(_MOST_BYTES + 1)
        finally:
            response.release_conn()
        if len(body) > _MOST_BYTES:
            raise TfgenError(f"the response of {self.name} is too large", fix="check its API URL")
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, headers=found, body=body)

    def _address(self, path: str) -> str:
        """The whole address of `path`. Raises TfgenError when it is another host's: the token stays here."""
        if "://" not in path:
            return f"{self.base}{path}"
        parts = urlsplit(path)
        if (parts.scheme, parts.netloc) != self._origin:
            raise TfgenError(
                f"{self.name} redirects to another host ({parts.hostname}), and the token must not be sent there",
                fix="check its API URL",
            )
        return path

    def _refused(self, answer: Answer) -> TfgenError:
        said = _message(answer)
        told = f"{self.name} refused the request (HTTP {answer.status}{f': {said}' if said else ''})"
        fixes = {
            401: "check the token: it is wrong or has expired",
            403: f"give the token {self.permission}",
            404: f"check the repository and the pull request, and give the token {self.permission}",
            422: "see its message",
        }
        return TfgenError(told, fix=fixes.get(answer.status, "see its message"))


def _pool(base: str) -> PoolManager:
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    parts = urlsplit(base)
    timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.netloc):
        return urllib3.PoolManager(timeout=timeout)
    found = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    user = f"{found.username}:{found.password or ''}" if found.username else None
    address = f"{found.scheme}://{found.netloc.rpartition('@')[2]}"
    headers = urllib3.make_headers(proxy_basic_auth=user) if user else None
    return urllib3.ProxyManager(address, timeout=timeout, proxy_headers=headers)


def _unreachable(error: Exception) -> str:
    """In a few words; urllib3's own hold addresses of objects, and could hold more than should be told."""
    from urllib3.exceptions import NameResolutionError, NewConnectionError, ProxyError, SSLError
    from urllib3.exceptions import TimeoutError as TimedOutError

    if isinstance(error, ProxyError):
        return "cannot be reached: no response from the proxy (HTTPS_PROXY)"
    if isinstance(error, NameResolutionError):
        return "cannot be reached: host name not found"
    if isinstance(error, SSLError):
        return "cannot be reached: its certificate is not trusted"
    # urllib3 counts a refused connection among its time-outs.
    if isinstance(error, TimedOutError) and not isinstance(error, NewConnectionError):
        return "did not respond in time"
    return "cannot be reached, or closed the connection"


def _problem(answer: Answer) -> str:
    return "limits the rate of requests" if answer.status in (403, 429) else f"is down (HTTP {answer.status})"


def _wait_wanted(answer: Answer) -> float | None:
    """Seconds to wait when the answer is about a rate limit; None when it is not."""
    if answer.status not in (403, 429):
        return None
    headers = answer.headers
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdecimal():
        return max(0.0, float(headers["x-ratelimit-reset"]) - time.time()) + 1
    secondary = b"secondary rate limit" in answer.body[:1000].lower()
    return 60.0 if answer.status == 429 or secondary else None


class _Nested(msgspec.Struct, frozen=True):
    message: str = ""


class _Words(msgspec.Struct, frozen=True):
    """GitHub's `message`, Bitbucket's `error.message`."""

    message: str = ""
    error: _Nested = _Nested()


def _message(answer: Answer) -> str:
    try:
        words = msgspec.json.decode(answer.body, type=_Words)
    except msgspec.DecodeError:
        return ""
    return " ".join((words.message or words.error.message).split())[:300]
