"""The rights that planning, acting and undoing need, as IAM policies. A test holds them against the calls."""

from __future__ import annotations

#: All of them take no resource, or are asked of every resource there is.
ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "batch:DescribeComputeEnvironments",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "codebuild:BatchGetBuilds",
    "codepipeline:ListPipelineExecutions",
    "ec2:DescribeFleets",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImageReferences",
    "ec2:DescribeImages",
    "ec2:DescribeImageUsageReportEntries",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSpotInstanceRequests",
    "eks:DescribeNodegroup",
    "eks:ListClusters",
    "eks:ListNodegroups",
    "elasticbeanstalk:DescribeApplications",
    "elasticbeanstalk:DescribeConfigurationSettings",
    "elasticbeanstalk:DescribeEnvironments",
    "imagebuilder:GetContainerRecipe",
    "imagebuilder:ListContainerRecipes",
    "imagebuilder:ListImageRecipes",
    "ssm:DescribeParameters",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "sts:GetCallerIdentity",
)


#: What a plan that is carried out needs beside that.
APPLY_READS = (
    "ec2:DescribeSnapshotAttribute",
    "rbin:GetRule",
    "rbin:ListRules",
)
APPLY_WRITES = (
    "ec2:DeleteSnapshot",
    "ec2:DeregisterImage",
    "ec2:DisableImage",
    "ec2:EnableImageDeprecation",
)
UNDO_READS = (
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSnapshots",
    "sts:GetCallerIdentity",
)
#: A run too gives an AMI back whose use began at the moment of the call.
UNDO_WRITES = (
    "ec2:CreateTags",
    "ec2:DisableImage",
    "ec2:DisableImageDeprecation",
    "ec2:EnableImage",
    "ec2:EnableImageDeprecation",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ec2:RestoreImageFromRecycleBin",
    "ec2:RestoreSnapshotFromRecycleBin",
)


def policy() -> dict[str, object]:
    """An identity policy for `tfgen prune` that plans and changes nothing."""
    return _policy(_statement("PlanPrune", ACTIONS, "*"))


def apply_policy(partition: str = "aws") -> dict[str, object]:
    """For `tfgen prune FILE`: it plans once more, acts, and gives back what was used at that moment."""
    given_back = tuple(sorted({*UNDO_WRITES} - {*APPLY_WRITES}))
    return _policy(
        _statement("PlanPrune", ACTIONS, "*"),
        _statement("ApplyPruneReads", APPLY_READS, "*"),
        _statement("ApplyPrune", APPLY_WRITES, _objects(partition)),
        _statement("GiveBack", given_back, _objects(partition)),
    )


def undo_policy(partition: str = "aws") -> dict[str, object]:
    """For `tfgen prune --undo RUN`."""
    return _policy(
        _statement("UndoPruneReads", UNDO_READS, "*"), _statement("UndoPrune", UNDO_WRITES, _objects(partition))
    )


def _objects(partition: str) -> list[str]:
    return [f"arn:{partition}:ec2:*::image/*", f"arn:{partition}:ec2:*::snapshot/*"]


def _policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(sid: str, actions: tuple[str, ...], resources: object) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
