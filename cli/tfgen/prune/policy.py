"""The rights that planning needs, as an IAM policy: reading alone. A test holds them against the calls."""

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


def policy() -> dict[str, object]:
    """An identity policy for `tfgen prune` that plans and changes nothing."""
    statement = {"Sid": "PlanPrune", "Effect": "Allow", "Action": list(ACTIONS), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
