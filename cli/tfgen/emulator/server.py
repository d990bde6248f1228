"""The emulator: moto's server in a thread of this process, on a free port of the loopback."""

from __future__ import annotations

import http.client
import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from tfgen.aws.clients import AwsClient

_HOST = "127.0.0.1"


class Emulator:
    """AWS on this machine, from `with` to its end: empty at the start, gone at the end.

    moto keeps its state in the process, so there is one at a time. While it runs, the user's AWS variables
    are hidden from this process (see `tfgen.aws.isolation`).
    """

    region = "eu-west-1"
    account_id = "123456789012"

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._port: int | None = None

    @property
    def endpoint(self) -> str:
        """The URL that every service answers at."""
        return f"http://{_HOST}:{self._running_port()}"

    def client(self, service: str, *, region: str = "", account: str = "") -> AwsClient:
        """Make a boto3 client of this emulator, in its own region and account where none is named.

        That of another account has the keys of a role there, which are gone after a reset.
        """
        from tfgen.aws import clients

        region = region or self.region
        if account in ("", self.account_id):
            return clients.client(service, region=region, endpoint_url=self.endpoint)
        role = {"RoleArn": f"arn:aws:iam::{account}:role/emulator", "RoleSessionName": "emulator"}
        keys = self.client("sts", region=region).assume_role(**role)["Credentials"]
        return clients.client(
            service,
            region=region,
            endpoint_url=self.endpoint,
            access_key=keys["AccessKeyId"],
            secret_key=keys["SecretAccessKey"],
        )

    @property
    def unknown(self) -> list[str]:
        """The calls since the start, or the last reset, that the emulator does not know: SERVICE:OPERATION.

        Each was answered with an error that no SDK tries again. A list of one's own: it stays as it is.
        """
        from tfgen.emulator import strict

        return list(strict.UNKNOWN)

    def reset(self) -> None:
        """Forget everything that was created, and the calls that were not known."""
        from tfgen.emulator import strict

        strict.UNKNOWN.clear()
        connection = http.client.HTTPConnection(_HOST, self._running_port(), timeout=30)
        try:
            connection.request("POST", "/moto-api/reset")
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != 200:
            raise TfgenError(f"the AWS emulator could not be reset (HTTP {status})")

    def __enter__(self) -> Self:
        if self._port is not None:
            raise RuntimeError("the emulator is already running")
        with ExitStack() as stack:
            self._port = stack.enter_context(_server())
            stack.callback(self._forget_port)
            self.reset()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _forget_port(self) -> None:
        self._port = None

    def _running_port(self) -> int:
        if self._port is None:
            raise RuntimeError("the emulator is not running: use it in a with statement")
        return self._port


@contextmanager
def _server() -> Iterator[int]:
    """Run moto with its gaps filled; gives the port."""
    from tfgen.aws.isolation import private_aws
    from tfgen.emulator import gaps

    with private_aws(), _without_request_log():
        server_class = _moto_server()
        with gaps.filled():
            server = server_class(ip_address=_HOST, port=0, verbose=False)
            server.start()
            try:
                yield server.get_host_and_port()[1]
            finally:
                server.stop()
                server._server.server_close()


def _moto_server() -> Any:
    try:
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        from tfgen.distribution.installed import how_to_add

        raise TfgenError(
            f"package {error.name or 'moto'}, which the AWS emulator needs, is not installed",
            fix=how_to_add("demo"),
        ) from error
    return ThreadedMotoServer


@contextmanager
def _without_request_log() -> Iterator[None]:
    log = logging.getLogger("werkzeug")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
