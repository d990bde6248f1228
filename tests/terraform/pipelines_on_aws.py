"""Pipelines as they are found on AWS, made through boto3: what the tests of `tfgen build` share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.conftest import JSON, TOML
from tests.terraform.gap_probes import Make

FILES = {"tfgen.toml": TOML, "packer/web.json": JSON, "packer/db.json": JSON}
WEB, DB = "web-ami-pipeline", "db-ami-pipeline"
AMI = "ami-0123456789abcdef0"


@dataclass(frozen=True, kw_only=True)
class Pipelines:
    """CodePipeline and CodeBuild as a person looks at them; `client` makes a client of a service."""

    client: Make

    def make(self, name: str, *, approval: dict[str, str] | None = None) -> None:
        """A pipeline of Source, perhaps Approve, and Build."""
        trust = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.client("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
        self.client("codebuild").create_project(
            name=name,
            source={"type": "CODEPIPELINE", "location": "not needed by AWS"},
            artifacts={"type": "CODEPIPELINE", "location": "not needed by AWS"},
            environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=role,
        )
        stages = [_stage("Source", "Source", "CodeCommit", {"RepositoryName": "r", "BranchName": "main"})]
        if approval is not None:
            stages.append(_stage("Approve", "Approval", "Manual", approval))
        stages.append(_stage("Build", "Build", "CodeBuild", {"ProjectName": name}))
        store = {"type": "S3", "location": f"{name}-artefacts"}
        pipeline = {"name": name, "roleArn": role, "artifactStore": store, "stages": stages, "version": 1}
        self.client("codepipeline").create_pipeline(pipeline=pipeline)

    def executions(self, name: str) -> list[dict[str, Any]]:
        """Newest first."""
        found = self.client("codepipeline").list_pipeline_executions(pipelineName=name)
        executions: list[dict[str, Any]] = found["pipelineExecutionSummaries"]
        return executions

    def approve(self, name: str, status: str, summary: str) -> None:
        self.client("codepipeline").put_approval_result(
            pipelineName=name,
            stageName="Approve",
            actionName="Approve",
            result={"summary": summary, "status": status},
            token="00000000-0000-0000-0000-000000000000",
        )


def _stage(name: str, category: str, provider: str, configuration: dict[str, str]) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actions": [{"name": name, "actionTypeId": kind, "configuration": configuration}]}
