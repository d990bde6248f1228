"""The rights that `tfgen promote` and `tfgen rollback` need: a policy, equal to the calls that the tests see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfgen_generators.settings.publish.tables import Publish

#: By how a region begins; others are in the partition aws.
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
#: What is only read, of whatever is there.
READS = (
    "codebuild:BatchGetBuilds",
    "codepipeline:ListPipelineExecutions",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSnapshots",
)
KEYS = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")
#: What EC2 does with the key of a copy in the caller's name.
KEY_USE = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
CHANNELS = (
    "ssm:DeleteParameter",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:PutParameter",
)
COPIES = ("ec2:CopyImage", "ec2:CreateTags")
SHARES = ("ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute")
TEMPLATES = ("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate")


def policy(publish: Publish) -> dict[str, object]:
    """The IAM policy for the channels of `publish`."""
    first = next(iter(publish.regions), "")
    partition = next((name for begin, name in _PARTITIONS.items() if first.startswith(begin)), "aws")
    parameter = publish.parameter_name("*", "*")
    keys = sorted(publish.kms_keys.values()) or ["*"]
    statements: list[dict[str, object]] = [
        _statement("Reads", READS, "*"),
        _statement("Channels", CHANNELS, f"arn:{partition}:ssm:*:*:parameter{parameter}*"),
        _statement("Copies", COPIES, [f"arn:{partition}:ec2:*::image/*", f"arn:{partition}:ec2:*::snapshot/*"]),
        _statement("Shares", SHARES, [f"arn:{partition}:ec2:*::image/*", f"arn:{partition}:ec2:*::snapshot/*"]),
        _statement("Keys", KEYS, "*"),
        {
            **_statement("KeysOfCopies", KEY_USE, keys),
            "Condition": {"StringLike": {"kms:ViaService": "ec2.*"}},
        },
    ]
    if publish.launch_templates:
        statements.append(_statement("LaunchTemplates", TEMPLATES, f"arn:{partition}:ec2:*:*:launch-template/*"))
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(sid: str, actions: tuple[str, ...], resources: object) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
