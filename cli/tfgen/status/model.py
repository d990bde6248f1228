"""What `tfgen status --format json` prints; table and page are made of this alone.

Times are ISO 8601 in UTC (2026-01-31T12:00:00Z), "" where they are not known. A text may come from AWS, from a template
or from git: it is data.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["yes", "no", "unknown"]
#: `green`: the newest execution succeeded; `red`: it failed or was stopped; `waiting`: for an approval; `disabled`: a
#: transition is; `never-ran`; `missing`: there is no such pipeline; `unknown`: it could not be read.
State = Literal["green", "red", "running", "waiting", "superseded", "disabled", "never-ran", "missing", "unknown"]


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Behind(_Document, frozen=True, kw_only=True):
    """Whether a change since the AMI's commit concerns the image; `file` is the first such path, `why` its edge."""

    verdict: Verdict
    file: str = ""
    why: str = ""


class Execution(_Document, frozen=True, kw_only=True):
    """One execution of a pipeline, as CodePipeline calls it."""

    id: str
    status: str
    started_at: str = ""
    ended_at: str = ""
    commit: str = ""


class Pipeline(_Document, frozen=True, kw_only=True):
    """The pipeline now. `since`: since when it is red, `failures` how many executions in a row have failed.

    `next_start`: what starts it next: a push, a schedule. `executions` are the last 20, newest first.
    """

    name: str
    state: State
    reason: str = ""
    since: str = ""
    failures: int = 0
    next_start: str = ""
    executions: tuple[Execution, ...] = ()


class Drift(_Document, frozen=True, kw_only=True):
    """One difference. `between`: template and generated file, generated file and AWS, AMI and code."""

    between: Literal["template/file", "file/aws", "ami/code"]
    what: str
    field: str = ""
    expected: str = ""
    found: str = ""


class Unreadable(_Document, frozen=True, kw_only=True):
    """A cell that could not be read, and by which action: `codepipeline:GetPipelineState`."""

    cell: str
    action: str
    error: str


class AmiSeen(_Document, frozen=True, kw_only=True):
    """One AMI of an image, good or not; `problem` says why not."""

    id: str
    name: str
    built_at: str
    commit: str = ""
    execution: str = ""
    good: bool = True
    problem: str = ""


class ImageStatus(_Document, frozen=True, kw_only=True):
    """One image in one region of one account. `ami` is the id of the last good AMI, null without one.

    `age_days` is since the build; `superseded_at` the time of the first commit since that concerns the image, "" while
    there is none. `parent_stale` is null where it cannot be known. `notes` say what else is odd, one line each.
    """

    image: str
    region: str
    account: str = ""
    template: str = ""
    ami: str | None = None
    ami_name: str = ""
    built_at: str = ""
    age_days: float | None = None
    superseded_at: str = ""
    execution: str = ""
    commit: str = ""
    behind: Behind = Behind(verdict="unknown")
    pipeline: Pipeline
    parents: tuple[str, ...] = ()
    parent_stale: bool | None = None
    channels: dict[str, str] = {}
    drift: tuple[Drift, ...] = ()
    amis: tuple[AmiSeen, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


class Orphan(_Document, frozen=True, kw_only=True):
    """A pipeline without an image, an image without a pipeline, or a second pipeline of one PACKER_SCRIPT."""

    kind: Literal["pipeline", "image", "duplicate"]
    name: str
    region: str
    account: str = ""
    reason: str = ""


class Report(_Document, frozen=True, kw_only=True):
    """The whole document; images by name, region and account."""

    made_at: str
    commit: str = ""
    images: tuple[ImageStatus, ...]
    orphans: tuple[Orphan, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
