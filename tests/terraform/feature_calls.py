"""Calls to AWS of what few templates do, by the input that allows them; and what those inputs do not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.terraform.build_calls import EC2, IMAGE, INSTANCE, OURS, THEIRS, US, VOLUME
from tests.terraform.iam_rights import REGION, Context
from tests.terraform.module_uses import ACCOUNT, PROFILE, PROFILE_ROLE

if TYPE_CHECKING:
    from tests.terraform.packer_calls import Request

FLEET, LAUNCH = f"{EC2}:fleet/fleet-1", f"{EC2}:launch-template/lt-1"
TUNNEL = f"arn:aws:ssm:{REGION}::document/AWS-StartPortForwardingSession"
SESSION = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session/build-0123"
_PASSED = {"iam:PassedToService": "ec2.amazonaws.com"}
_MADE = {"aws:RequestTag/BuiltBy": "Packer"}
#: As the amazon plugin 1.8.2 asks (its sources): input -> what it needs beyond a plain build.
OPTIONAL: dict[str, list[Request]] = {
    "deprecation": [("ec2:EnableImageDeprecation", IMAGE, OURS)],
    "deregistration_protection": [("ec2:EnableImageDeregistrationProtection", IMAGE, OURS)],
    "fast_launch": [
        ("ec2:EnableFastLaunch", IMAGE, OURS),
        ("ec2:DescribeFastLaunchImages", "*", {}),
        ("ec2:DescribeLaunchTemplates", "*", {}),
    ],
    "session_manager": [
        ("ssm:StartSession", INSTANCE, {"ssm:resourceTag/BuiltBy": "Packer"}),
        ("ssm:StartSession", TUNNEL, {}),
        ("ssm:TerminateSession", SESSION, {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}),
    ],
    "spot": [
        ("ec2:CreateLaunchTemplate", LAUNCH, _MADE),
        ("ec2:CreateTags", LAUNCH, {**_MADE, "ec2:CreateAction": "CreateLaunchTemplate"}),
        ("ec2:CreateFleet", FLEET, {}),
        ("ec2:CreateFleet", INSTANCE, {}),
        ("ec2:CreateFleet", LAUNCH, OURS),
        ("ec2:CreateTags", FLEET, {**_MADE, "ec2:CreateAction": "CreateFleet"}),
        ("ec2:CreateTags", INSTANCE, {**_MADE, "ec2:CreateAction": "CreateFleet"}),
        ("ec2:CreateTags", f"{EC2}:spot-instances-request/sir-1", _MADE),
        ("ec2:RunInstances", LAUNCH, OURS),
        ("ec2:DeleteLaunchTemplate", LAUNCH, OURS),
    ],
    "instance_profiles": [("iam:GetInstanceProfile", PROFILE, {}), ("iam:PassRole", PROFILE_ROLE, _PASSED)],
}


def by_name(context: Context) -> Context:
    """The other of the tags by which a build knows its own."""
    return {
        key.replace("/BuiltBy", "/Name"): "Packer Builder" if "/BuiltBy" in key else context[key] for key in context
    }


_ELSEWHERE: list[Request] = [
    (action, resource, {**tags(context), **US})
    for requests in OPTIONAL.values()
    for action, resource, context in requests
    for tags in (dict, by_name)
    if not action.startswith("iam:") and action != "ssm:TerminateSession"
]
#: What no input allows: what is there before, what is somebody else's, another region.
ATTACKS: list[Request] = [
    *_ELSEWHERE,
    *(
        (f"ec2:{action}", IMAGE, tags)
        for action in ("EnableImageDeprecation", "EnableImageDeregistrationProtection", "EnableFastLaunch")
        for tags in (THEIRS, {})
    ),
    ("ec2:DisableImageDeprecation", IMAGE, OURS),
    ("ec2:DisableImageDeregistrationProtection", IMAGE, OURS),
    *((f"ec2:{action}", LAUNCH, THEIRS) for action in ("CreateFleet", "DeleteLaunchTemplate", "RunInstances")),
    ("ec2:CreateLaunchTemplate", LAUNCH, {}),
    ("ec2:CreateLaunchTemplate", LAUNCH, {"aws:RequestTag/Name": "web"}),
    ("ec2:CreateLaunchTemplateVersion", LAUNCH, OURS),
    ("ec2:ModifyLaunchTemplate", LAUNCH, OURS),
    *(("ec2:CreateTags", each, {**THEIRS, **_MADE}) for each in (FLEET, LAUNCH, INSTANCE, VOLUME)),
    ("ec2:DeleteFleets", FLEET, OURS),
    ("ec2:CancelSpotInstanceRequests", f"{EC2}:spot-instances-request/sir-1", OURS),
    ("ssm:StartSession", INSTANCE, {"ssm:resourceTag/Name": "database"}),
    ("ssm:StartSession", INSTANCE, {}),
    ("ssm:StartSession", TUNNEL.replace("PortForwardingSession", "SSHSession"), {}),
    ("ssm:TerminateSession", SESSION, {"ssm:resourceTag/aws:ssmmessages:session-id": "AROA:somebody"}),
    ("ssm:SendCommand", INSTANCE, {"ssm:resourceTag/BuiltBy": "Packer"}),
    ("iam:GetInstanceProfile", PROFILE.replace("image-build", "admin"), {}),
    ("iam:PassRole", PROFILE_ROLE.replace("image-build", "admin"), _PASSED),
    ("iam:PassRole", PROFILE_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:AddRoleToInstanceProfile", PROFILE, {}),
]
