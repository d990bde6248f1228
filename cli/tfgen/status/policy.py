"""What `tfgen status` asks AWS, as a policy: exactly these actions, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

#: Always asked, by what it is for.
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "Images": ("ec2:DescribeImages",),
    "Pipelines": (
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineState",
        "codepipeline:ListPipelineExecutions",
        "codepipeline:ListPipelines",
    ),
    "Builds": ("codebuild:BatchGetBuilds", "codebuild:BatchGetProjects"),
    "Schedules": ("events:ListRules",),
}
#: On the log groups of CodeBuild's projects alone.
LOGS = "logs:GetLogEvents"
#: sts:GetCallerIdentity needs no right.
WITHOUT_RIGHT = frozenset({"sts:GetCallerIdentity"})


def policy(partition: str = "aws", more: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, object]:
    """The policy of a role for `tfgen status`. None of these actions but the logs' can be limited to some resources."""
    asked = {**ALWAYS, **(more or {})}
    statements: list[dict[str, object]] = [
        {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": "*"} for sid, actions in asked.items()
    ]
    logs = f"arn:{partition}:logs:*:*:log-group:/aws/codebuild/*"
    statements.append({"Sid": "Logs", "Effect": "Allow", "Action": [LOGS], "Resource": logs})
    return {"Version": "2012-10-17", "Statement": statements}


def actions() -> frozenset[str]:
    """All of them."""
    return frozenset(action for each in ALWAYS.values() for action in each) | {LOGS}
