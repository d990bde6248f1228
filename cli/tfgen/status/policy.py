"""What `tfgen status` asks AWS, as a policy: exactly these actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen_generators.settings.model import Settings

#: Asked each time.
ALWAYS = (
    "codebuild:BatchGetBuilds",
    "codebuild:BatchGetProjects",
    "codepipeline:GetPipeline",
    "codepipeline:GetPipelineState",
    "codepipeline:ListPipelineExecutions",
    "codepipeline:ListPipelines",
    "ec2:DescribeImages",
    "events:ListRules",
)
#: Asked each time where tfgen.toml has channels.
CHANNELS = ("ssm:GetParameters",)
#: On the log groups of CodeBuild's projects alone.
LOGS = ("logs:GetLogEvents",)
#: Needs no right.
WITHOUT_RIGHT = frozenset({"sts:GetCallerIdentity"})


def policy(settings: Settings, regions: Sequence[str]) -> dict[str, object]:
    """The policy of whoever runs `tfgen status`: what each run asks, and what only --drift and IMAGE ask."""
    from tfgen.aws.profiles import partition_of
    from tfgen.status.drift.find import ACTIONS
    from tfgen.status.reading.places import wanted_places

    wanted = wanted_places(settings, regions)
    partition = partition_of(next((region for each in wanted for region in each.regions), ""))
    logs = f"arn:{partition}:logs:*:*:log-group:/aws/codebuild/*"
    statements = [
        _statement("Status", ALWAYS, "*"),
        _statement("Logs", LOGS, logs),
        _statement("Drift", [action for action in ACTIONS if action not in ALWAYS], "*"),
    ]
    if settings.publish.is_on:
        statements.append(_statement("Channels", CHANNELS, _channels(settings.publish.parameter, partition)))
    if roles := sorted({each.role_arn for each in wanted if each.role_arn}):
        statements.append({"Sid": "Accounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": roles})
    return {"Version": "2012-10-17", "Statement": statements}


def _channels(pattern: str, partition: str) -> str:
    """The parameters that may be channels of an image."""
    name = pattern.replace("{image}", "*").replace("{channel}", "*").removeprefix("/")
    return f"arn:{partition}:ssm:*:*:parameter/{name}"


def _statement(sid: str, actions: Sequence[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
