"""Which repository this is on its host, and the IDs in the host's tokens: by git, CI's variables and the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen.console import note
from tfgen_generators.errors import TfgenError
from tfgen_generators.pipeline.ci_roles import IDENTITIES, Repository

if TYPE_CHECKING:
    from tfgen.hosts.model import HostName

Variables = Mapping[str, str]

#: https://HOST/OWNER/NAME.git, git@HOST:OWNER/NAME.git, ssh://git@HOST/OWNER/NAME
_ADDRESS = r"(?:\w+://(?:[^/@]*@)?{host}(?::\d+)?/|[^/@]*@?{host}:)(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
_DOMAINS = {"github": "github.com", "bitbucket": "bitbucket.org"}
_NAMED = {"github": "GITHUB_REPOSITORY", "bitbucket": "BITBUCKET_REPO_FULL_NAME"}
#: The IDs as CI's own variables have them, in a run of this repository.
_VARIABLES = {
    "github": {"owner_id": "GITHUB_REPOSITORY_OWNER_ID", "repository_id": "GITHUB_REPOSITORY_ID"},
    "bitbucket": {
        "repository_uuid": "BITBUCKET_REPO_UUID",
        "environment_uuid": "BITBUCKET_DEPLOYMENT_ENVIRONMENT_UUID",
    },
}


class _Owner(msgspec.Struct, frozen=True):
    id: int = 0
    uuid: str = ""


class _Environment(msgspec.Struct, frozen=True):
    name: str = ""
    uuid: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """GitHub's and Bitbucket's repository, and Bitbucket's list of environments."""

    id: int = 0
    uuid: str = ""
    owner: _Owner = _Owner()
    workspace: _Owner = _Owner()
    values: tuple[_Environment, ...] = ()


def find_repository(host: HostName, root: Path, source_repository: str, env: Variables) -> Repository:
    """The repository of `root` on `host`; what nobody says is not in it. An API that does not answer is a note."""
    if host == "codecommit":
        return Repository(host=host, name=source_repository)
    there = env.get(_NAMED[host], "")
    name = _of_remotes(host, root) or there
    known = {key: env.get(variable, "") for key, variable in _VARIABLES[host].items() if name == there}
    if name and not all(known.get(key) for key in IDENTITIES[host]):
        try:
            known |= _github(name, env) if host == "github" else _bitbucket(name, env)
        except TfgenError as error:
            note(f"{error.message}; the IDs of {name} are left open", style="yellow")
    return Repository(host=host, name=name, ids={key: value for key, value in known.items() if value})


def _of_remotes(host: str, root: Path) -> str:
    """OWNER/NAME of the remote origin, else of the first one that is on `host`; "" without one."""
    from tfgen.git.remotes import ORIGIN, find_remotes

    try:
        remotes = find_remotes(root)
    except TfgenError:
        return ""
    first = sorted(remotes.values(), key=lambda remote: remote.name != ORIGIN)
    address = re.compile(_ADDRESS.format(host=re.escape(_DOMAINS[host])), re.ASCII)
    found = (address.fullmatch(url) for remote in first for url in remote.urls)
    return next((match["name"] for match in found if match), "")


def _github(name: str, env: Variables) -> dict[str, str]:
    from tfgen.hosts.http import Api, bearer

    token = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN")
    if not token:
        return {}
    headers = {"Accept": "application/vnd.github+json", "Authorization": bearer(token)}
    address = env.get("GITHUB_API_URL") or "https://api.github.com"
    api = Api(address, name="GitHub", headers=headers, permission="the permission metadata: read")
    answer = api.get(f"/repos/{name}").decode(_Answer)
    found = {"owner_id": answer.owner.id, "repository_id": answer.id}
    return {key: str(value) for key, value in found.items() if value}


def _bitbucket(name: str, env: Variables) -> dict[str, str]:
    from tfgen.hosts.bitbucket import API
    from tfgen.hosts.http import Api, bearer

    token = env.get("BITBUCKET_TOKEN")
    if not token:
        return {}
    headers = {"Accept": "application/json", "Authorization": bearer(token)}
    address = env.get("BITBUCKET_API_URL") or API
    api = Api(address, name="Bitbucket", headers=headers, permission="the scopes repository and pipeline")
    answer = api.get(f"/repositories/{name}").decode(_Answer)
    environments = api.get(f"/repositories/{name}/environments/?pagelen=100").decode(_Answer).values
    named = {each.name.lower(): each.uuid for each in environments}
    return {
        "workspace_uuid": answer.workspace.uuid,
        "repository_uuid": answer.uuid,
        "environment_uuid": named.get("production", ""),
    }
