"""The call of the module ci_roles for a repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfgen.hosts.repository import find_repository
from tfgen_generators.errors import TfgenError
from tfgen_generators.pipeline.ci_roles import roles_call

if TYPE_CHECKING:
    from tfgen.hosts.model import HostName
    from tfgen.workspace import Workspace


def roles_of(workspace: Workspace, host: HostName, env: Mapping[str, str]) -> str:
    """The module block, with what is known. Asks the host's API where there is a token for it."""
    settings = workspace.settings
    repository = find_repository(host, workspace.root, settings.codecommit_repository, env)
    return roles_call(settings, repository, _backend(workspace))


def _backend(workspace: Workspace) -> dict[str, str]:
    """The plain texts of the root module's S3 backend; empty where it has none that can be read."""
    from tfgen_generators.hcl.terraform_files import read_by
    from tfgen_generators.root_module.backend import find_backends
    from tfgen_generators.trees.files import read_bytes

    folder = workspace.terraform_dir
    try:
        names = read_by("terraform", sorted(file.name for file in folder.iterdir() if file.is_file()))
        found = find_backends({name: read_bytes(folder / name) for name in names})
    except (OSError, TfgenError):
        return {}
    attributes = found[0].attributes if len(found) == 1 and found[0].kind == "s3" else {}
    return {name: value for name, value in attributes.items() if isinstance(value, str)}
