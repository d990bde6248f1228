"""What CodeBuild and CodePipeline remember of a build: a tag of an AMI can be altered, their record cannot.

Source: CodeBuild's API reference (Build), CodePipeline's (PipelineExecutionSummary).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tfgen.aws.failures import AwsError

if TYPE_CHECKING:
    from tfgen.aws.session import Account

_ENDED = frozenset({"Succeeded", "Failed", "Stopped", "Cancelled"})


class BuildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One build as CodeBuild has it; `exported` are the variables that it hands on."""

    id: str
    project: str
    status: str
    commit: str = ""
    number: str = ""
    exported: dict[str, str] = {}


def read_build(account: Account, id_: str) -> BuildRecord | None:
    """None where CodeBuild has no such build: it keeps them for a year. Raises AwsError."""
    for one in account.call("codebuild", "batch_get_builds", ids=[id_]).get("builds", []):
        return BuildRecord(
            id=str(one.get("id", "")),
            project=str(one.get("projectName", "")),
            status=str(one.get("buildStatus", "")),
            commit=str(one.get("resolvedSourceVersion", "") or ""),
            number=str(one.get("buildNumber", "") or ""),
            exported={str(each["name"]): str(each["value"]) for each in one.get("exportedEnvironmentVariables", [])},
        )
    return None


def newest_ended(account: Account, pipeline: str) -> tuple[str, str] | None:
    """Id and status of the pipeline's newest execution that has ended, None without. Raises AwsError.

    One that a newer one has taken the place of says nothing about an image.
    """
    found = account.pages(
        "codepipeline", "list_pipeline_executions", "pipelineExecutionSummaries", pipelineName=pipeline
    )
    for one in found:
        if one.get("status") in _ENDED:
            return str(one.get("pipelineExecutionId", "")), str(one["status"])
    return None


def is_missing(error: AwsError) -> bool:
    """Whether the error says that there is no such pipeline."""
    return error.code == "PipelineNotFoundException"
