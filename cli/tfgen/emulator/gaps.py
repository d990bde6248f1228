"""What moto lacks for a plan, an apply, a change and a destroy of the pipelines, filled in here alone.

Each gap has a test in tests/terraform/test_emulator_gaps.py that fails once moto has caught up: then it goes. Those of
builds have tests in tests/terraform/test_build_emulator.py. Measured with moto 5.2.5.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
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


_ACCESS_DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@contextmanager
def filled() -> Iterator[None]:
    """Run moto with the gaps filled; at the end moto is as it was."""
    from moto import backends
    from moto.codebuild import responses as codebuild
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    from tfgen.emulator import gaps_images, gaps_pipelines, strict
    from tfgen.emulator.amis import gaps as gaps_amis
    from tfgen.emulator.services import dispatch

    response = codebuild.CodeBuildResponse
    modules = frozenset(backends.list_of_moto_modules())  # moto lists its folder for every request
    with ExitStack() as stack:
        stack.enter_context(patch.object(backends, "list_of_moto_modules", lambda: modules))
        for check in ("_validate_required_params_source", "_validate_required_params_artifacts"):
            stack.enter_context(patch.object(codebuild, check, _pipeline_has_no_location(codebuild, check)))
        stack.enter_context(patch.object(codebuild, "_validate_required_params_project_name", _check_name))
        stack.enter_context(patch.object(response, "create_project", _keep_more(response.create_project)))
        stack.enter_context(patch.object(response, "update_project", _update_project, create=True))
        visibility = "update_project_visibility"
        stack.enter_context(patch.object(response, visibility, _update_project_visibility, create=True))
        stack.enter_context(patch.object(response, "delete_project", _delete_project))
        stack.enter_context(patch.object(FakeBucket, "get_permission", _over_tls(FakeBucket.get_permission)))
        for name in ("_bucket_response", "_key_response"):
            stack.enter_context(patch.object(S3Response, name, _check_owner(getattr(S3Response, name))))
        stack.enter_context(gaps_pipelines.filled())
        stack.enter_context(gaps_images.filled())
        stack.enter_context(gaps_amis.filled())
        stack.enter_context(strict.filled())
        stack.enter_context(dispatch.filled())
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


def _keep_more(create_project: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateProject: moto ignores encryptionKey, answers with the key of aws/s3, and knows no visibility."""

    def created(self: Any) -> Any:
        answer = create_project(self)
        project = _project(self)
        project["projectVisibility"] = "PRIVATE"
        if key := self._get_param("encryptionKey"):
            project["encryptionKey"] = key
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


def _update_project_visibility(self: Any) -> Any:
    """UpdateProjectVisibility: moto does not have it. Who sees a public project's builds is not played."""
    from moto.codebuild.exceptions import InvalidInputException
    from moto.core.responses import ActionResult

    arn, visibility = self._get_param("projectArn"), self._get_param("projectVisibility")
    if visibility not in ("PRIVATE", "PUBLIC_READ"):
        raise InvalidInputException(f"Invalid project visibility: {visibility}")
    project = _project(self, arn.rpartition("/")[2])
    public = {"publicProjectAlias": project["name"]} if visibility == "PUBLIC_READ" else {}
    project.pop("publicProjectAlias", None)
    project.pop("resourceAccessRole", None)
    project.update({"projectVisibility": visibility, **public})
    if role := self._get_param("resourceAccessRole"):
        project["resourceAccessRole"] = role
    return ActionResult({"projectArn": arn, "projectVisibility": visibility, **public})


def _delete_project(self: Any) -> Any:
    """DeleteProject: moto says yes to an ARN, which the provider sends, and deletes nothing."""
    from moto.core.responses import EmptyResult

    self.codebuild_backend.delete_project(self._get_param("name").rsplit("/", 1)[-1])
    return EmptyResult()


def _over_tls(get_permission: Callable[[Any, str, str], Any]) -> Callable[[Any, str, str], Any]:
    """Policies of buckets: moto denies what `aws:SecureTransport = false` denies. The emulator plays TLS."""

    def permission(self: Any, action: str, resource: str) -> Any:
        # All that moto looks at is the policy; the bucket itself is shared by the server's threads.
        return get_permission(SimpleNamespace(policy=_without_plain(self.policy)), action, resource)

    return permission


def _without_plain(policy: bytes | None) -> bytes | None:
    """The policy as it counts for a call over TLS: no statement that is about calls without it."""
    document = json.loads(policy) if policy else {}
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    kept = [statement for statement in statements if not _is_about_plain(statement)]
    return json.dumps({**document, "Statement": kept}).encode() if kept else None


def _is_about_plain(statement: dict[str, Any]) -> bool:
    wanted = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return str(wanted[0] if isinstance(wanted, list) and wanted else wanted).lower() == "false"


def _check_owner(respond: Callable[[Any, Any, str], Any]) -> Callable[[Any, Any, str], Any]:
    """S3: moto lets in who expects another owner of the bucket (x-amz-expected-bucket-owner)."""

    def checked(self: Any, request: Any, full_url: str) -> Any:
        from moto.s3.models import s3_backends

        expected = request.headers.get("x-amz-expected-bucket-owner")
        _, owner = s3_backends.bucket_accounts.get(self.bucket_name, ("", expected))
        if expected not in (None, owner):
            return 403, {}, "" if request.method == "HEAD" else _ACCESS_DENIED
        return respond(self, request, full_url)

    return checked


def _project(response: Any, name: str = "") -> dict[str, Any]:
    """The project of that name; the one that the request names."""
    from moto.codebuild.exceptions import ResourceNotFoundException

    name = name or response._get_param("name")
    found = response.codebuild_backend.codebuild_projects.get(name)
    if found is None:
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    metadata: dict[str, Any] = found.project_metadata
    return metadata
