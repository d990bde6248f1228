"""Template + Settings -> Pipeline: the names in AWS and the inputs of the module block."""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tfgen_generators.hcl import Interpolated, Part, Reference, Value, block
from tfgen_generators.packer.model import Problem, Template
from tfgen_generators.packer.names import bucket_part
from tfgen_generators.settings import Settings

#: AWS account ids have 12 digits.
ACCOUNT_ID_LENGTH = 12
#: CodePipeline allows 100 characters, CodeBuild 150 (https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html).
PROJECT_NAME_LIMIT = 100
#: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
DESCRIPTION_LIMIT = 255
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME_LIMIT = 63

_ACCOUNT_ID = Reference(expression="local.account_id")
_PROJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]+")
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*(?<!-)")
_DIGEST_LENGTH = 6


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """One module block: everything that will stand in `pipeline_<name>.gen.tf`."""

    name: str
    template_path: str
    source: str
    version: str | None
    project_name: str | Interpolated
    project_description: str
    artefact_bucket_name: str | Interpolated
    source_repository: str
    branch: str | None
    environment: Mapping[str, str]

    def inputs(self) -> list[tuple[str, Value]]:
        """The module's inputs in the order in which they are written, `environment_vars` last."""
        pairs: list[tuple[str, Value]] = [
            ("project_name", self.project_name),
            ("project_description", self.project_description),
            ("artefact_bucket_name", self.artefact_bucket_name),
            ("source_repository", self.source_repository),
        ]
        if self.branch:
            pairs.append(("branch", self.branch))
        return [*pairs, ("environment_vars", self.environment)]

    def body(self) -> str:
        """The module block as HCL."""
        call: list[tuple[str, Value]] = [("source", self.source)]
        if self.version:
            call.append(("version", self.version))
        *scalars, environment = self.inputs()
        return block("module", self.name, [call, scalars, [environment]])


class PipelineProblemError(Exception):
    """The template cannot become a pipeline."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def make_pipeline(template: Template, settings: Settings) -> Pipeline:
    """The pipeline of one template without errors. Raises PipelineProblemError."""
    _check_path(template.path)
    own = settings.templates.get(template.name)
    environment = {**settings.environment, **(own.environment if own else {}), "PACKER_SCRIPT": template.path}
    return Pipeline(
        name=template.name,
        template_path=template.path,
        source=settings.module.source,
        version=settings.module.version,
        project_name=_project_name(template, settings.names.project_name),
        project_description=f"Builds the {template.name} AMI from {template.path}"[:DESCRIPTION_LIMIT],
        artefact_bucket_name=_bucket_name(template, settings.names.artefact_bucket_name),
        source_repository=settings.source_repository,
        branch=settings.branch if settings.branch != "main" else None,
        environment=dict(sorted(environment.items())),
    )


def _check_path(path: str) -> None:
    shown = path.encode("utf-8", "backslashreplace").decode()
    try:
        path.encode()
    except UnicodeEncodeError:
        problem = Problem(path=shown, message="its path is not UTF-8", fix="rename it")
        raise PipelineProblemError(problem) from None
    if unicodedata.normalize("NFC", path) != path:
        message = "its path is not in Unicode's composed form (NFC), and Terraform would change it"
        raise PipelineProblemError(Problem(path=shown, message=message, fix="rename it"))


def _project_name(template: Template, pattern: str) -> str | Interpolated:
    value, sample = _fill(pattern, template.name, PROJECT_NAME_LIMIT)
    if len(sample) > PROJECT_NAME_LIMIT or not _PROJECT_NAME.fullmatch(sample):
        raise _bad_name(template, "project_name", sample, f"2 to {PROJECT_NAME_LIMIT} letters, digits, - and _")
    return value


def _bucket_name(template: Template, pattern: str) -> str | Interpolated:
    value, sample = _fill(pattern, bucket_part(template.name), BUCKET_NAME_LIMIT)
    if not 3 <= len(sample) <= BUCKET_NAME_LIMIT or not _BUCKET_NAME.fullmatch(sample):
        allowed = f"3 to {BUCKET_NAME_LIMIT} lower-case letters, digits, - and ."
        raise _bad_name(template, "artefact_bucket_name", sample, allowed)
    return value


def _bad_name(template: Template, key: str, sample: str, allowed: str) -> PipelineProblemError:
    message = f"{key} would be {sample!r}, and AWS allows {allowed}"
    return PipelineProblemError(
        Problem(path=template.path, message=message, fix=f"change [names] {key} in tfgen.toml, or the file's name")
    )


def _fill(pattern: str, name: str, limit: int) -> tuple[str | Interpolated, str]:
    """The filled pattern, and what it will read in AWS (with an account id of zeros)."""
    fields = list(string.Formatter().parse(pattern))
    names = sum(field == "name" for _, field, _, _ in fields)
    fixed = sum(len(text) + (ACCOUNT_ID_LENGTH if field == "account_id" else 0) for text, field, _, _ in fields)
    name = shorten(name, (limit - fixed) // max(names, 1))
    parts: list[Part] = []
    for text, field, _, _ in fields:
        parts += [text] if text else []
        if field is not None:
            parts.append(name if field == "name" else _ACCOUNT_ID)
    sample = "".join(part if isinstance(part, str) else "0" * ACCOUNT_ID_LENGTH for part in parts)
    if any(isinstance(part, Reference) for part in parts):
        return Interpolated(parts=tuple(parts)), sample
    return sample, sample


def shorten(name: str, room: int) -> str:
    """`name` in at most `room` characters; a digest of the whole keeps shortened names apart and stable."""
    if len(name) <= room or room <= _DIGEST_LENGTH + 1:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: room - _DIGEST_LENGTH - 1].rstrip('-_')}-{digest}"
