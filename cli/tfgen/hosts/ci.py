"""Which pull request this is, and on which host: from the variables that CI itself sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.hosts.model import Host, HostName

Variables = Mapping[str, str]

#: What the rule of docs/pull-requests.md hands to CodeBuild.
CODECOMMIT_VARIABLES = ("PULL_REQUEST_ID", "REPOSITORY_NAME", "DESTINATION_COMMIT", "SOURCE_COMMIT")

_REPOSITORY = re.compile(r"[A-Za-z0-9_.{}-]+/[A-Za-z0-9_.{}-]+")
_WEBHOOK = re.compile(r"pr/(\d+)")
_GITHUB_REF = re.compile(r"refs/pull/(\d+)/(merge|head)")
_ELSEWHERE = "print the Markdown with --dry-run, or write it with --output FILE"


class _Numbered(msgspec.Struct, frozen=True):
    number: int | None = None


class _Event(msgspec.Struct, frozen=True):
    """What GitHub says of the event: a pull request's own, or a comment's on one."""

    pull_request: _Numbered | None = None
    issue: _Numbered | None = None


def detect_host(env: Variables) -> HostName:
    """The host on which this CI run's pull request is. Raises UsageError."""
    if env.get("GITHUB_ACTIONS"):
        return "github"
    if env.get("BITBUCKET_BUILD_NUMBER"):
        return "bitbucket"
    if env.get("CODEBUILD_BUILD_ID"):
        source = env.get("CODEBUILD_SOURCE_REPO_URL", "")
        if "://github.com/" in source:
            return "github"
        return "bitbucket" if re.search(r"://([^/@]*@)?bitbucket\.org/", source) else "codecommit"
    raise UsageError(
        "no CI run of GitHub Actions, Bitbucket Pipelines or CodeBuild detected, so the pull request is not known",
        fix=f"{_ELSEWHERE}; or use --host and set the host's variables (docs/pull-requests.md)",
    )


def open_host(name: HostName, env: Variables) -> Host:
    """The pull request that the variables tell of. Raises UsageError, which names the variable that is missing."""
    if name == "github":
        return _github(env)
    return _bitbucket(env) if name == "bitbucket" else _codecommit(env)


def run_link(env: Variables) -> str:
    """Where a person sees this CI run; "" where nobody says."""
    if env.get("GITHUB_RUN_ID"):
        return f"{env.get('GITHUB_SERVER_URL')}/{env.get('GITHUB_REPOSITORY')}/actions/runs/{env['GITHUB_RUN_ID']}"
    if env.get("BITBUCKET_BUILD_NUMBER"):
        repository = env.get("BITBUCKET_REPO_FULL_NAME", "")
        return f"https://bitbucket.org/{repository}/pipelines/results/{env['BITBUCKET_BUILD_NUMBER']}"
    return env.get("CODEBUILD_BUILD_URL", "")


def _github(env: Variables) -> Host:
    from tfgen.hosts.github import GitHub

    token = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN")
    if not token:
        _missing("GITHUB_TOKEN", "the GitHub token", "in GitHub Actions: env: GITHUB_TOKEN: ${{ github.token }}")
    number = _github_number(env) or _webhook_number(env)
    if number is None:
        _no_pull_request()
    repository = _repository(env, "GITHUB_REPOSITORY", "github.com")
    return GitHub(env.get("GITHUB_API_URL") or "https://api.github.com", repository, number, token)


def _github_number(env: Variables) -> int | None:
    if path := env.get("GITHUB_EVENT_PATH"):
        try:
            event = msgspec.json.decode(Path(path).read_bytes(), type=_Event)
        except (OSError, msgspec.DecodeError):
            event = _Event()
        for about in (event.pull_request, event.issue):
            if about and about.number:
                return about.number
    found = _GITHUB_REF.fullmatch(env.get("GITHUB_REF", ""))
    return int(found.group(1)) if found else None


def _bitbucket(env: Variables) -> Host:
    from tfgen.hosts.bitbucket import API, Bitbucket
    from tfgen.hosts.http import basic, bearer

    if token := env.get("BITBUCKET_TOKEN"):
        authorization = bearer(token)
    elif env.get("BITBUCKET_USER") and env.get("BITBUCKET_APP_PASSWORD"):
        authorization = basic(env["BITBUCKET_USER"], env["BITBUCKET_APP_PASSWORD"])
    else:
        _missing(
            "BITBUCKET_TOKEN (or BITBUCKET_USER and BITBUCKET_APP_PASSWORD)",
            "the Bitbucket token",
            "create a repository access token, and store it as a secured variable",
        )
    named = env.get("BITBUCKET_PR_ID", "")
    number = int(named) if named.isdecimal() else _webhook_number(env)
    if number is None:
        _no_pull_request()
    repository = _repository(env, "BITBUCKET_REPO_FULL_NAME", "bitbucket.org")
    return Bitbucket(env.get("BITBUCKET_API_URL") or API, repository, number, authorization)


def _codecommit(env: Variables) -> Host:
    from tfgen.hosts.codecommit import CodeCommit

    number = env.get("PULL_REQUEST_ID", "")
    if not number.isdecimal():
        _no_pull_request()
    for name in CODECOMMIT_VARIABLES:
        if not env.get(name):
            _missing(name, "required for CodeCommit", "see docs/pull-requests.md for the event rule")
    return CodeCommit(
        number=number,
        repository=env["REPOSITORY_NAME"],
        before=env["DESTINATION_COMMIT"],
        after=env["SOURCE_COMMIT"],
    )


def _webhook_number(env: Variables) -> int | None:
    """The pull request of a CodeBuild that GitHub's or Bitbucket's webhook has started."""
    found = _WEBHOOK.fullmatch(env.get("CODEBUILD_WEBHOOK_TRIGGER", ""))
    return int(found.group(1)) if found else None


def _repository(env: Variables, variable: str, host: str) -> str:
    """OWNER/NAME, which becomes part of an address."""
    named = env.get(variable, "")
    source = re.search(
        rf"://([^/@]*@)?{re.escape(host)}/(?P<name>.+?)(\.git)?/?$", env.get("CODEBUILD_SOURCE_REPO_URL", "")
    )
    repository = named or (source["name"] if source else "")
    if not repository:
        _missing(variable, "the repository", "set it to OWNER/NAME")
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise UsageError(f"{variable} is not OWNER/NAME: {repository!r}", fix="set it to OWNER/NAME")
    return repository


def _missing(variable: str, what: str, fix: str) -> NoReturn:
    raise UsageError(f"{variable} is not set: {what}", fix=fix)


def _no_pull_request() -> NoReturn:
    raise UsageError("this CI run is not for a pull request", fix=f"run it for a pull request, or {_ELSEWHERE}")
