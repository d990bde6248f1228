"""The environment in which a build's commands start: whose variables count, and which win."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.codebuild.buildspec import Buildspec

#: What a build gets of the user's own environment: the machine, the network, the account; not what to build.
_OWN = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|AWS_\w+|SSH_AUTH_SOCK"
    r"|(HTTP|HTTPS|NO|ALL)_PROXY|(http|https|no|all)_proxy|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|REQUESTS_CA_BUNDLE"
    r"|PACKER_PLUGIN_PATH|PACKER_CONFIG_DIR|PACKER_CACHE_DIR|PACKER_GITHUB_API_TOKEN|XDG_\w+_HOME"
)
#: Where AWS would write the number of the account.
NO_ACCOUNT = "000000000000"
#: How the regions of a partition begin, other than AWS's first.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What CodeBuild tells a build about itself. `version` is the commit, `-dirty` added where the source
    is not as committed, "" without git; `started` in seconds since 1970.

    `tools` is a folder for programs that the build installs; it is searched first. `temporary` is one for what it
    leaves behind, which goes with the copy of the source; "": where the user has it.
    """

    project: str
    uuid: str
    number: int
    source: str
    log: str
    tools: str
    temporary: str
    region: str = ""
    version: str = ""
    started: float = msgspec.field(default_factory=time.time)

    @property
    def build_id(self) -> str:
        """As CodeBuild writes it."""
        return f"{self.project}:{self.uuid}"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One image to build, with all that was found out about it before."""

    name: str
    project: str
    variables: dict[str, str]
    #: Variables that CodeBuild fetches: from where, and the line that says so.
    fetched: dict[str, tuple[str, str]] = {}
    spec: Buildspec
    spec_path: str
    shell: str
    env_program: str
    region: str


def build_environment(job: Job, facts: Facts, given: Mapping[str, str]) -> dict[str, str]:
    """All variables of a build: the user's, buildspec's, the project's, CodeBuild's, and `given`, which win.

    Raises TfgenError when one that CodeBuild would fetch from AWS is not there.
    """
    spec = job.spec
    needed = {name: (where, f"{job.spec_path}:{line}") for name, (where, line) in spec.needed.items()}
    needed = {name: found for name, found in needed.items() if name not in {**spec.variables, **job.variables}}
    needed |= job.fetched
    own = {name: value for name, value in os.environ.items() if _OWN.fullmatch(name)}
    own |= {"PACKER_INSTALL_DIR": facts.tools, "PATH": f"{facts.tools}{os.pathsep}{own.get('PATH', os.defpath)}"}
    if facts.temporary:
        own["TMPDIR"] = facts.temporary
    fetched = {name: os.environ[name] for name in needed if name in os.environ}
    told = {**fetched, **_told(facts), **given}
    for name, (source, where) in needed.items():
        if name not in told:
            message = f"{name} comes from {source}, which a local build does not read"
            raise TfgenError(message, where=where, fix=f"set {name} in your environment")
    return {**own, **spec.variables, **job.variables, **told}


def _told(facts: Facts) -> dict[str, str]:
    """What CodeBuild and tfgen set."""
    partition = next((name for begins, name in _PARTITIONS.items() if facts.region.startswith(begins)), "aws")
    aws = f"arn:{partition}:codebuild:{facts.region or 'local'}:{NO_ACCOUNT}"
    told = {
        "CI": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_LOCAL_BUILD": "true",
        "CODEBUILD_BUILD_ID": facts.build_id,
        "CODEBUILD_BUILD_NUMBER": str(facts.number),
        "CODEBUILD_BUILD_ARN": f"{aws}:build/{facts.build_id}",
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": _user(),
        "CODEBUILD_LOG_PATH": facts.log,
        "CODEBUILD_PROJECT_ARN": f"{aws}:project/{facts.project}",
        "CODEBUILD_SOURCE_REPO_URL": "",
        "CODEBUILD_SRC_DIR": facts.source,
        "CODEBUILD_START_TIME": str(int(facts.started * 1000)),
        "TFGEN_PYTHON": sys.executable,
    }
    if facts.version:
        told |= {"CODEBUILD_RESOLVED_SOURCE_VERSION": facts.version, "CODEBUILD_SOURCE_VERSION": facts.version}
    if facts.region:
        told |= {"AWS_REGION": facts.region, "AWS_DEFAULT_REGION": facts.region}
    return told


def _user() -> str:
    """Who is signed in here."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user without a name
        return f"uid-{os.getuid()}"
