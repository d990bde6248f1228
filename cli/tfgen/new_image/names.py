"""Whether an image may have a name: the rules of a template's name, and that nothing has it already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tfgen_generators.errors import RefusedError, UsageError
from tfgen_generators.packer.names import bucket_part, name_of, name_problem
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.model import Template
    from tfgen_generators.settings.model import Settings

#: What AWS allows of an AMI's name, without the time that follows it.
_LONGEST = 100


def check_name(name: str, settings: Settings, templates: Iterable[Template]) -> None:
    """That a new image can be called `name`. Raises UsageError for what is no name, RefusedError for one in use."""
    from tfgen_generators.dispatcher.inputs import LABEL
    from tfgen_generators.pipeline import shared

    if name_problem(name):
        message = f"{name!r} is not a valid image name"
        raise UsageError(message, fix="use letters, digits, - and _, beginning with a letter or _")
    if len(name) > _LONGEST:
        raise UsageError(f"{name[:20]}... has {len(name)} characters", fix=f"use at most {_LONGEST}")
    if not bucket_part(name):
        raise UsageError(f"{name} has no letter and no digit", fix="use another name")
    if bucket_part(name) in (bucket_part(LABEL), bucket_part(shared.LABEL)):
        raise UsageError(f"{name} is reserved for a pipeline of tfgen's own", fix="use another name")
    own = name_of(f"{name}.pkr.hcl", ".")
    if own != name:
        raise UsageError(f"a template called {name} would get the name {own}", fix=f"use {own}, or another name")
    for template in templates:
        if bucket_part(template.name) == bucket_part(name):
            raise RefusedError(f"{template.name} is already used by {template.path}", fix="use another name")
    _check_tables(name, settings)


def _check_tables(name: str, settings: Settings) -> None:
    """That tfgen.toml has no other use for the name. Raises RefusedError."""
    for other, own in settings.templates.items():
        where = f"{FILE_NAME}:{settings.line('templates', other)}"
        if other == name and own.path is not None:
            raise RefusedError(f"{name} is the name of {own.path}", where=where, fix="use another name")
        if name in own.moved_from:
            raise RefusedError(
                f"{name} is an old name of {other} (moved_from)",
                where=where,
                fix="use another name, or remove it there when the move has been applied everywhere",
            )


def check_pipeline(name: str, path: str, settings: Settings) -> None:
    """That the new template's pipeline can be made. Raises RefusedError."""
    from tfgen_generators.packer.model import Template
    from tfgen_generators.pipeline.pipeline import PipelineProblemError, make_pipeline

    try:
        make_pipeline(Template(name=name, path=path, format="hcl2", kind="file"), settings)
    except PipelineProblemError as error:
        raise RefusedError(
            f"no pipeline can be made: {error.problem.message}",
            where=error.problem.path if error.problem.line else "",
            fix="use another name, or change tfgen.toml",
        ) from None


def check_label(workspace: Workspace, name: str) -> None:
    """That no module of the root module is called `name`: the pipeline's will be. Raises RefusedError."""
    from tfgen_generators.hcl.blocks import UnreadableError, read_blocks
    from tfgen_generators.hcl.terraform_files import is_terraform
    from tfgen_generators.trees.files import read_bytes

    for file in sorted(file for file in workspace.terraform_dir.glob("*") if is_terraform(file.name)):
        path = file.relative_to(workspace.root).as_posix()
        try:
            blocks = read_blocks(path, read_bytes(file))
        except (OSError, UnreadableError):
            continue  # Terraform says what is wrong there
        for block in blocks:
            if block.kind == "module" and block.labels == (name,):
                where = f"{path}:{block.line}" if block.line else path
                raise RefusedError(f"the root module has a module {name} already", where=where, fix="use another name")


def role_of(name: str) -> str:
    """The name of the image's role: lower-case letters, digits and _, as Ansible's variables need it."""
    role = re.sub(r"[^a-z0-9_]", "_", name.lower())
    return role if re.match(r"[a-z][a-z0-9_]", role) else f"image_{role.strip('_')}"
