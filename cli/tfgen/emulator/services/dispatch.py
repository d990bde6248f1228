"""Services that moto does not have at all: answered by classes of ours, in moto's own way, from botocore's model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

#: The module of this room, by the name that a request is signed for.
_OWN = {"rbin": "retention_rules", "imagebuilder": "image_builder"}


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with these services beside it; at the end moto is as it was."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    get = DomainDispatcherApplication.get_application

    def get_application(self: Any, environ: dict[str, Any]) -> Any:
        module = _OWN.get(signed_for(environ))
        return _application(module) if module else get(self, environ)

    with patch.object(DomainDispatcherApplication, "get_application", get_application):
        yield


def signed_for(environ: dict[str, Any]) -> str:
    """The service that a request is signed for; "": it is not signed."""
    parts = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
    return parts[3] if len(parts) == 5 else ""


def _application(module: str) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from importlib import import_module

        from moto.moto_server.werkzeug_app import BackendRequest
        from werkzeug.wrappers import Response

        answer = import_module(f"tfgen.emulator.services.{module}").Responses
        status, headers, body = answer.dispatch(BackendRequest(environ))
        return Response(body, status=status, headers=headers)(environ, start_response)

    return application
