"""Calls to AWS with a build's credentials: what somebody in the build machine would try, and what a build needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.terraform.iam_rights import REGION, Context
from tests.terraform.module_uses import ACCOUNT, CONNECTION, KEY, PARTNERS

if TYPE_CHECKING:
    from tests.terraform.packer_calls import Request

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
IMAGE, SNAPSHOT = (f"arn:aws:ec2:{REGION}::{kind}" for kind in ("image/ami-1", "snapshot/snap-1"))
INSTANCE, VOLUME, GROUP, SUBNET, INTERFACE = (
    f"{EC2}:{kind}"
    for kind in ("instance/i-1", "volume/vol-1", "security-group/sg-9", "subnet/subnet-9", "network-interface/eni-1")
)
CODEBUILD: Context = {"ec2:AuthorizedService": "codebuild.amazonaws.com"}
OURS: Context = {"aws:ResourceTag/BuiltBy": "Packer"}
ALSO_OURS: Context = {"aws:ResourceTag/Name": "Packer Builder"}
THEIRS: Context = {"aws:ResourceTag/Name": "database"}
BACKUPS: list[Context] = [
    {f"aws:ResourceTag/aws:{key}": "x"} for key in ("backup:source-resource", "dlm:lifecycle-policy-id")
]
STRANGER = "666666666666"
US: Context = {"aws:RequestedRegion": "us-east-1"}
#: Where the use `connected` copies to.
COPIED: Context = {"aws:RequestedRegion": "eu-central-1"}
#: What somebody who has the build's credentials would try: denied in each use that knows the build's things by tags.
ATTACKS: list[Request] = [
    # Give away: to a stranger, to everybody, to a stranger beside a partner; to a partner what is not ours.
    *(
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**tag, **whom})
        for tag in (OURS, ALSO_OURS, {})
        for whom in (
            {"ec2:Add/userId": STRANGER},
            {"ec2:Add/userId": [PARTNERS[0], STRANGER]},
            {"ec2:Add/group": "all"},
            {"ec2:Add/userId": PARTNERS[0], "ec2:Add/group": "all"},
            {},
        )
    ),
    *(
        ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**tag, "ec2:Add/userId": PARTNERS[0]})
        for tag in ({"aws:ResourceTag/Template": "x"}, *BACKUPS)
    ),
    ("ec2:ModifyImageAttribute", IMAGE, THEIRS),
    ("ec2:ModifyImageAttribute", IMAGE, {}),
    *(
        ("ec2:ModifyImageAttribute", IMAGE, {**THEIRS, f"ec2:Attribute/{name}": "x"})
        for name in ("Description", "ImdsSupport", "LaunchPermission")
    ),
    # Read: a snapshot, a volume, a machine's disk, its password.
    ("ec2:RunInstances", SNAPSHOT, THEIRS),
    ("ec2:RunInstances", SNAPSHOT, {}),
    ("ec2:RegisterImage", SNAPSHOT, THEIRS),
    ("ec2:CreateVolume", SNAPSHOT, THEIRS),
    ("ec2:CreateSnapshot", VOLUME, THEIRS),
    ("ec2:AttachVolume", VOLUME, THEIRS),
    ("ec2:AttachVolume", INSTANCE, THEIRS),
    ("ec2:DetachVolume", VOLUME, THEIRS),
    ("ec2:CreateImage", INSTANCE, THEIRS),
    ("ec2:GetPasswordData", INSTANCE, THEIRS),
    ("ebs:GetSnapshotBlock", SNAPSHOT, OURS),
    # Open: a group of somebody's, a machine into it, a user's data of a machine.
    ("ec2:AuthorizeSecurityGroupIngress", GROUP, THEIRS),
    ("ec2:AuthorizeSecurityGroupIngress", GROUP, {}),
    ("ec2:AuthorizeSecurityGroupEgress", GROUP, OURS),
    ("ec2:CreateSecurityGroup", GROUP, {"aws:RequestTag/Name": "web"}),
    ("ec2:RunInstances", GROUP, THEIRS),
    ("ec2:RunInstances", GROUP, {}),
    ("ec2:ModifyInstanceAttribute", INSTANCE, THEIRS),
    ("ec2:ModifyInstanceAttribute", GROUP, THEIRS),
    # Delete and stop.
    ("ec2:DeleteSecurityGroup", GROUP, THEIRS),
    ("ec2:DeleteSecurityGroup", GROUP, {}),
    ("ec2:DeleteSnapshot", SNAPSHOT, THEIRS),
    ("ec2:DeleteVolume", VOLUME, {}),
    ("ec2:DeregisterImage", IMAGE, {}),
    ("ec2:TerminateInstances", INSTANCE, THEIRS),
    ("ec2:StopInstances", INSTANCE, {}),
    ("ec2:DeleteKeyPair", f"{EC2}:key-pair/operators", {}),
    # Make somebody's thing one of ours, or one of ours somebody's.
    ("ec2:CreateTags", IMAGE, {"aws:ResourceTag/Template": "packer/web.json", "aws:RequestTag/BuiltBy": "Packer"}),
    *(("ec2:CreateTags", SNAPSHOT, {**tag, "aws:RequestTag/BuiltBy": "Packer"}) for tag in BACKUPS),
    *(("ec2:CreateTags", each, {**THEIRS, "aws:RequestTag/BuiltBy": "Packer"}) for each in (INSTANCE, VOLUME, GROUP)),
    ("ec2:CreateTags", INSTANCE, {"ec2:CreateAction": "CreateFleet", "aws:RequestTag/BuiltBy": "Packer"}),
    ("ec2:DeleteTags", IMAGE, OURS),
    # Start what is not an image's build.
    ("ec2:RunInstances", INSTANCE, {"aws:RequestTag/Name": "miner"}),
    ("ec2:RunInstances", INSTANCE, {}),
    ("ec2:RunInstances", INSTANCE, {"aws:RequestTag/BuiltBy": "Packer", **US}),
    ("ec2:DeregisterImage", "arn:aws:ec2:us-east-1::image/ami-1", {**OURS, **US}),
    ("ec2:DeleteSecurityGroup", f"arn:aws:ec2:{REGION}:{STRANGER}:security-group/sg-1", OURS),
    # Be somebody else, or read what others have left.
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {}),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/admin", {}),
    ("s3:GetObject", "arn:aws:s3:::another/x", {}),
    ("s3:PutBucketPolicy", "arn:aws:s3:::bucket", {}),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database", {}),
    ("ssm:SendCommand", INSTANCE, OURS),
    ("kms:Decrypt", KEY, {}),
    ("kms:Decrypt", KEY, {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}),
    ("kms:GenerateDataKey", KEY, {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}),
    ("kms:CreateGrant", KEY, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}),
    ("codebuild:StartBuild", f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/another", {}),
    ("codecommit:GitPush", f"arn:aws:codecommit:{REGION}:{ACCOUNT}:repo", {}),
    *(
        (f"{service}:UseConnection", CONNECTION, {f"{service}:FullRepositoryId": "owner/secrets"})
        for service in ("codeconnections", "codestar-connections")
    ),
    *(
        (
            f"{service}:UseConnection",
            CONNECTION,
            {
                f"{service}:FullRepositoryId": "owner/repo",
                f"{service}:ProviderAction": "GitPush",
                f"{service}:ProviderPermissionsRequired": "read_write",
            },
        )
        for service in ("codeconnections", "codestar-connections")
    ),
    # A network interface: take it from somebody, or give it to somebody.
    ("ec2:DeleteNetworkInterface", INTERFACE, {"ec2:Subnet": SUBNET}),
    ("ec2:CreateNetworkInterfacePermission", INTERFACE, {"ec2:Subnet": SUBNET, **CODEBUILD}),
    ("ec2:CreateNetworkInterfacePermission", INTERFACE, {"ec2:Subnet": f"{EC2}:subnet/subnet-1"}),
]
#: Where image_regions names no region of its own, no untagged image or snapshot may be made ours.
UNTAGGED: list[Request] = [
    *(("ec2:CreateTags", each, {"aws:RequestTag/BuiltBy": "Packer"}) for each in (IMAGE, SNAPSHOT)),
    ("ec2:CreateTags", SNAPSHOT, {**THEIRS, "aws:RequestTag/BuiltBy": "Packer"}),
]
#: Where nothing is shared: not even what is ours, and with whom cannot be seen.
UNSHARED: list[Request] = [("ec2:ModifyImageAttribute", IMAGE, tag) for tag in (OURS, ALSO_OURS)]
#: Where the module is told a network.
ELSEWHERE: list[Request] = [
    ("ec2:RunInstances", SUBNET, {}),
    ("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-9", {}),
    ("ec2:CreateNetworkInterface", SUBNET, {}),
    ("ec2:CreateNetworkInterface", GROUP, {}),
]
#: What Packer only looks at, or makes from nothing.
MADE: list[Request] = [
    ("ec2:DescribeImages", "*", {}),
    ("ec2:DescribeImageAttribute", IMAGE, {}),
    ("ec2:CreateImage", IMAGE, {}),
    ("ec2:CreateKeyPair", f"{EC2}:key-pair/packer_1", {}),
    ("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-1", {}),
    ("ec2:RunInstances", IMAGE, {}),
]
#: The same done to what is the build's own, so that the tables above are not full of what nobody could do.
TWINS: list[Request] = [
    ("ec2:ModifyImageAttribute", IMAGE, {**OURS, "ec2:Attribute/Description": "x"}),
    ("ec2:ModifyImageAttribute", IMAGE, {**OURS, "ec2:Attribute/ImdsSupport": "v2.0"}),
    ("ec2:RunInstances", SNAPSHOT, OURS),
    ("ec2:RegisterImage", SNAPSHOT, OURS),
    ("ec2:CreateVolume", SNAPSHOT, OURS),
    *((f"ec2:{action}", VOLUME, OURS) for action in ("CreateSnapshot", "AttachVolume", "DetachVolume", "DeleteVolume")),
    *(
        (f"ec2:{action}", INSTANCE, OURS)
        for action in ("AttachVolume", "CreateImage", "GetPasswordData", "ModifyInstanceAttribute", "StopInstances")
    ),
    *(
        (f"ec2:{action}", GROUP, OURS)
        for action in (
            "AuthorizeSecurityGroupIngress",
            "DeleteSecurityGroup",
            "ModifyInstanceAttribute",
            "RunInstances",
        )
    ),
    ("ec2:DeleteSnapshot", SNAPSHOT, OURS),
    ("ec2:DeregisterImage", IMAGE, OURS),
    *(("ec2:CreateTags", each, OURS) for each in (IMAGE, SNAPSHOT)),
    ("ec2:CreateTags", INSTANCE, {"ec2:CreateAction": "RunInstances"}),
    ("ec2:CreateSecurityGroup", GROUP, {"aws:RequestTag/BuiltBy": "Packer"}),
    ("ec2:RunInstances", INSTANCE, {"aws:RequestTag/BuiltBy": "Packer"}),
    ("ec2:DeleteKeyPair", f"{EC2}:key-pair/packer_1", {}),
    ("s3:GetObject", "arn:aws:s3:::bucket/x", {}),
]
#: With a key, a connection and a network.
NAMED_TWINS: list[Request] = [
    ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OURS, "ec2:Add/userId": PARTNERS[0]}),
    ("ec2:ModifySnapshotAttribute", SNAPSHOT, {**OURS, "ec2:Add/userId": list(PARTNERS)}),
    ("ec2:ModifySnapshotAttribute", SNAPSHOT, {"ec2:Add/userId": PARTNERS[0]}),
    ("ec2:ModifyImageAttribute", IMAGE, OURS),
    *(("ec2:CreateTags", each, {}) for each in (IMAGE, SNAPSHOT)),
    ("ec2:CopyImage", IMAGE, {}),
    ("ec2:RunInstances", f"{EC2}:subnet/subnet-2", {}),
    ("ec2:RunInstances", f"{EC2}:security-group/sg-2", {}),
    ("ec2:CreateSecurityGroup", f"{EC2}:vpc/vpc-1", {}),
    ("ec2:CreateNetworkInterface", f"{EC2}:subnet/subnet-2", {}),
    ("ec2:CreateNetworkInterface", f"{EC2}:security-group/sg-1", {}),
    ("kms:Decrypt", KEY, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}),
    *(
        (f"{service}:UseConnection", CONNECTION, {f"{service}:FullRepositoryId": "owner/repo"})
        for service in ("codeconnections", "codestar-connections")
    ),
    ("codeconnections:UseConnection", CONNECTION, {}),
]
