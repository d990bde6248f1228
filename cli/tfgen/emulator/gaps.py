"""What moto lacks for a plan, an apply, a change and a destroy of the pipelines, filled in here alone.

Each gap has a test in tests/terraform/test_emulator_gaps.py that fails once moto has caught up: then it goes.
Measured with moto 5.2.5.
"""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UPDATABLE = (
    "description",
    "source",
    "sourceVersion",
    "artifacts",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "tags",
    "vpcConfig",
    "logsConfig",
)


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with the gaps filled; at the end moto is as it was."""
    from moto.codebuild import responses as codebuild

    response = codebuild.CodeBuildResponse
    with ExitStack() as stack:
        for check in ("_validate_required_params_source", "_validate_required_params_artifacts"):
            stack.enter_context(patch.object(codebuild, check, _pipeline_has_no_location(codebuild, check)))
        stack.enter_context(patch.object(codebuild, "_validate_required_params_project_name", _check_name))
        stack.enter_context(patch.object(response, "create_project", _keep_key(response.create_project)))
        stack.enter_context(patch.object(response, "update_project", _update_project, create=True))
        stack.enter_context(patch.object(response, "delete_project", _delete_project))
        yield


def _pipeline_has_no_location(codebuild: Any, name: str) -> Callable[[dict[str, Any]], None]:
    """CreateProject: moto demands a location of source and artefacts of the type CODEPIPELINE too."""
    check = getattr(codebuild, name)

    def checked(part: dict[str, Any]) -> None:
        check({"location": "codepipeline", **part} if part["type"] == "CODEPIPELINE" else part)

    return checked


def _check_name(name: str) -> None:
    """CreateProject and others: moto refuses a name that starts with a digit, and one of 150 characters."""
    from moto.codebuild.exceptions import InvalidInputException

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{1,149}", name):
        raise InvalidInputException("Only alphanumeric characters, dash, and underscore are supported")


def _keep_key(create_project: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateProject: moto ignores encryptionKey and answers with the key of aws/s3."""

    def created(self: Any) -> Any:
        answer = create_project(self)
        if key := self._get_param("encryptionKey"):
            _project(self)["encryptionKey"] = key
        return answer

    return created


def _update_project(self: Any) -> Any:
    """UpdateProject: moto does not have it. A field that is not sent stays as it is, as AWS does it."""
    from moto.codebuild import responses as codebuild
    from moto.core.responses import ActionResult

    project = _project(self)
    if source := self._get_param("source"):
        codebuild._validate_required_params_source(source)
    if artifacts := self._get_param("artifacts"):
        codebuild._validate_required_params_artifacts(artifacts)
    sent = {name: self._get_param(name) for name in _UPDATABLE}
    project.update({name: value for name, value in sent.items() if value is not None})
    project["lastModified"] = time.time()
    return ActionResult({"project": project})


def _delete_project(self: Any) -> Any:
    """DeleteProject: moto says yes to an ARN, which the provider sends, and deletes nothing."""
    from moto.core.responses import EmptyResult

    self.codebuild_backend.delete_project(self._get_param("name").rsplit("/", 1)[-1])
    return EmptyResult()


def _project(response: Any) -> dict[str, Any]:
    from moto.codebuild.exceptions import ResourceNotFoundException

    name = response._get_param("name")
    found = response.codebuild_backend.codebuild_projects.get(name)
    if found is None:
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    metadata: dict[str, Any] = found.project_metadata
    return metadata
