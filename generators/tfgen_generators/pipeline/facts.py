"""What is known of one pipeline: the facts that its inputs can ask for."""

from __future__ import annotations

from pathlib import PurePosixPath

from tfgen_generators.hcl.write import Interpolated, Reference, Value, why_changed
from tfgen_generators.packer.model import Problem, Template
from tfgen_generators.packer.names import bucket_part
from tfgen_generators.pipeline.aws_names import (
    BUCKET_NAME_LIMIT,
    DESCRIPTION_LIMIT,
    PROJECT_NAME_LIMIT,
    fill,
    name_error,
    sample,
)
from tfgen_generators.settings.inputs import Expression, Fact, Input, Literal, Pattern
from tfgen_generators.settings.lines import dotted
from tfgen_generators.settings.model import FILE_NAME, Settings, TemplateSettings
from tfgen_generators.settings.secrets import Variable, computed, fetched, plain


class PipelineProblemError(Exception):
    """The template cannot become a pipeline."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def check_path(path: str) -> None:
    """Raises PipelineProblemError when Terraform would not carry a template's path as it is."""
    if reason := why_changed(path):
        shown = path.encode("utf-8", "backslashreplace").decode()
        message = reason.replace("it ", "its path ", 1)
        raise PipelineProblemError(Problem(path=shown, message=message, fix="rename it"))


class Facts:
    """What is known of one pipeline, worked out when an input asks for it."""

    def __init__(self, template: Template, settings: Settings, own: TemplateSettings, script: str) -> None:
        self._template, self._settings, self._own, self._script = template, settings, own, script
        self._names = own.names
        self._account_id = Reference(expression=own.names.account_id or settings.names.account_id)

    def value(self, item: Input) -> Value:
        """What an input is given."""
        if isinstance(item, Literal):
            return item.value
        if isinstance(item, Expression):
            return Reference(expression=item.text)
        if isinstance(item, Pattern):
            return fill(item.text, self._template.name, self._account_id)
        assert isinstance(item, Fact)  # noqa: S101 (there are four kinds)
        value: Value = getattr(self, item.name)
        return value

    def check_name(self, name: str, fact: str, value: Value) -> None:
        """Raises PipelineProblemError when AWS would refuse `value` as the name that `fact` is about."""
        if message := name_error(fact, value):
            own = getattr(self._own.names, fact, None) is not None or name in self._own.inputs
            raise self._problem(f"{name} {message}", self._where(name, fact), ", or the file's name" * (not own))

    def check_text(self, name: str, value: Value) -> None:
        """Raises PipelineProblemError when Terraform would not carry a filled pattern, or a list of texts, as it is."""
        for text in map(sample, value) if isinstance(value, list) else [sample(value)]:
            if text is not None and (reason := why_changed(text)):
                raise self._problem(f"{name}: {reason}", self._where(name, ""))

    def _problem(self, message: str, where: str, more: str = "") -> PipelineProblemError:
        return PipelineProblemError(Problem(path=self._template.path, message=message, fix=f"change {where}{more}"))

    def _where(self, name: str, fact: str) -> str:
        """The setting that decides: its table, and the line where it stands."""
        settings = self._settings
        table = ("templates", self._template.name)
        if name in self._own.inputs:
            path: tuple[str, ...] = (*table, "inputs", name)
        elif name in settings.inputs:
            path = ("inputs", name)
        elif getattr(self._own.names, fact, None) is not None:
            path = (*table, "names", fact)
        elif fact in ("project_name", "artefact_bucket_name"):
            return f"[names] {fact} in {FILE_NAME}"
        else:
            path = ("module", "inputs", name)
        return f"{dotted(path)} ({FILE_NAME}:{settings.line(*path)})"

    @property
    def name(self) -> str:
        return self._template.name

    @property
    def path(self) -> str:
        return self._template.path

    @property
    def folder(self) -> str:
        """The folder of the template: of a folder template, itself."""
        path = self._template.path
        return path if self._template.kind == "directory" else str(PurePosixPath(path).parent)

    @property
    def format(self) -> str:
        return self._template.format

    @property
    def kind(self) -> str:
        return self._template.kind

    @property
    def builders(self) -> list[Value]:
        return list(self._template.builders)

    @property
    def project_name(self) -> str | Interpolated:
        own, every = self._names.project_name, self._settings.names.project_name
        return fill(every if own is None else own, self.name, self._account_id, PROJECT_NAME_LIMIT)

    @property
    def project_description(self) -> str:
        return f"Builds the {self.name} AMI from {self.path}"[:DESCRIPTION_LIMIT]

    @property
    def artefact_bucket_name(self) -> str | Interpolated:
        own, every = self._names.artefact_bucket_name, self._settings.names.artefact_bucket_name
        return fill(every if own is None else own, bucket_part(self.name), self._account_id, BUCKET_NAME_LIMIT)

    @property
    def connection_arn(self) -> Value:
        given = self._settings.connection_arn
        return Reference(expression="null") if given is None else self.value(given)

    @property
    def source_repository(self) -> str:
        return self._settings.source_repository

    @property
    def branch(self) -> str:
        return self._settings.branch

    @property
    def environment(self) -> dict[str, Value]:
        working_dir = self._own.working_dir or self._settings.working_dir
        merged: dict[str, Value] = {**plain(self._variables), self._settings.packer_script.variable: self._script}
        merged.update((name, Reference(expression=one.text)) for name, one in computed(self._variables).items())
        if working_dir:
            merged["PACKER_WORKING_DIR"] = working_dir
        return dict(sorted(merged.items()))

    @property
    def secrets(self) -> dict[str, Value]:
        """The variables that CodeBuild fetches, as the module takes them."""
        return {name: {one.kind: one.reference} for name, one in sorted(fetched(self._variables).items())}

    @property
    def _variables(self) -> dict[str, Variable]:
        return {**self._settings.environment, **self._own.environment}
