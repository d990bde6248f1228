"""A call that moto does not have is an error at once, which a test can see: HTTP 400, so that no SDK tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

#: Not state of AWS but an observation of the one emulator of this process: `Emulator.reset` clears it.
UNKNOWN: list[str] = []
_CODE = "UnknownToTheEmulator"


@contextmanager
def filled() -> Iterator[None]:
    """Run moto so; at the end moto is as it was."""
    from moto.core import errors
    from moto.core.responses import BaseResponse
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    act, get = BaseResponse.call_action, DomainDispatcherApplication.get_application
    with (
        # moto warns of a code that a service's model does not have.
        patch.object(errors, "COMMON_ERROR_CODES", [*errors.COMMON_ERROR_CODES, _CODE]),
        patch.object(BaseResponse, "call_action", _refusing(act)),
        patch.object(DomainDispatcherApplication, "get_application", _knowing(get)),
    ):
        yield


def _refusing(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An operation that moto does not have: it raises, which is HTTP 500, on which SDKs try again for minutes."""

    def call_action(self: Any) -> Any:
        try:
            return original(self)
        except NotImplementedError:
            from moto.core.responses import ActionResult

            from tfgen.emulator.amis.refusals import refusal

            name = f"{self.boto3_service_name}:{self._get_action()}"
            UNKNOWN.append(name)
            return self.serialized(ActionResult(refusal(_CODE, f"The emulator does not know {name}")))

    return call_action


def _knowing(original: Callable[[Any, dict[str, Any]], Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """A service that moto does not have: it has no application, and fails."""
    known: set[str] = {""}

    def get_application(self: Any, environ: dict[str, Any]) -> Any:
        from moto import backends

        from tfgen.emulator.services.dispatch import signed_for

        service = signed_for(environ)
        if service in known:
            return original(self, environ)
        host = self.infer_service_region_host(environ, environ.get("PATH_INFO", "")) or ""
        patterns = (pattern for _, pattern in self.backend_url_patterns)
        if host in backends.list_of_moto_modules() or any(each.match(f"http://{host}") for each in patterns):
            known.add(service)
            return original(self, environ)
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        UNKNOWN.append(f"{service}:{target or environ.get('PATH_INFO', '')}")
        return _refuse

    return get_application


def _refuse(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = f'{{"__type": "{_CODE}", "message": "The emulator does not know this service"}}'.encode()
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
    return [body]
