"""The launch templates that follow a channel by a new version: read before anything moves, written at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.aws.channels.launch_templates import LaunchTemplate, follow, read_launch_template
from tfgen.publish.model import TemplateResult
from tfgen_generators.errors import TfgenError
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tfgen.publish.model import Job

_NOT_OURS = frozenset({".git", ".terraform", ".tfgen", "node_modules"})


def owner_in(root: Path) -> Callable[[str, str], str]:
    """Says which Terraform file below `root` names a launch template, by its id or its name."""
    texts: list[tuple[str, str]] = []

    def owner(id_: str, name: str) -> str:
        if not texts:
            texts.extend(_texts(root))
        named = f'"{name}"'
        return next((path for path, text in texts if id_ in text or (name and named in text)), "")

    return owner


def _texts(root: Path) -> Iterable[tuple[str, str]]:
    import os

    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NOT_OURS)
        for name in sorted(filter(is_terraform, files)):
            path = Path(folder, name)
            try:
                yield path.relative_to(root).as_posix(), read_bytes(path).decode(errors="replace")
            except OSError:
                continue


def read_all(job: Job) -> list[LaunchTemplate]:
    """The job's launch templates, in whichever region they are. Raises TfgenError for one that is nowhere."""
    found: list[LaunchTemplate] = []
    for id_ in job.launch_templates:
        here = [one for one in (read_launch_template(account, id_) for account in job.accounts.values()) if one]
        if not here:
            message = f"launch template {id_} of {job.image} is in none of {', '.join(job.accounts)}: it was deleted"
            fix = f"take it out of publish.launch_templates.{job.channel}"
            raise TfgenError(message, where="tfgen.toml", fix=fix)
        found += here
    return found


def follow_all(
    job: Job, templates: Iterable[LaunchTemplate], amis: Mapping[str, str], *, dry_run: bool
) -> tuple[TemplateResult, ...]:
    """Each one to the AMI of its region. Raises TfgenError; the channel has moved by then, and a rerun goes on here."""
    return tuple(_one(job, one, amis.get(one.region, ""), dry_run=dry_run) for one in templates)


def _one(job: Job, template: LaunchTemplate, ami: str, *, dry_run: bool) -> TemplateResult:
    result = TemplateResult(id=template.id, name=template.name, region=template.region, action="unchanged")
    if template.follows:
        return replace(result, action="follows", reason=template.image)
    if template.image == ami:
        return replace(result, version=template.default)
    owner = template.owner or job.owner_of(template.id, template.name)
    if owner:
        reason = f"{owner} owns it: use resolve:ssm:{job.parameter} there"
        return replace(result, action="owned", reason=reason)
    if dry_run:
        reason = f"{template.image or 'no AMI'} -> {ami or 'the copy'}"
        return replace(result, action="would-change", reason=reason)
    try:
        version = follow(job.accounts[template.region], template, ami, f"tfgen: {job.image} {job.channel}")
    except TfgenError as error:
        message = f"{job.parameter} was moved, and launch template {template.id} in {template.region} was not: {error}"
        raise TfgenError(message, fix="mend it and run the same command again: it goes on here") from None
    return replace(result, action="new-version", version=version)
