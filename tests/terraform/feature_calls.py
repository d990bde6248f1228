"""Calls to AWS of what few templates do, by the input that allows them; and what those inputs do not allow."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from tests.terraform.build_calls import EC2, IMAGE, INSTANCE, OURS, THEIRS, US, VOLUME
from tests.terraform.iam_rights import REGION, Context
from tests.terraform.module_uses import ACCOUNT, PROFILE, PROFILE_ROLE

if TYPE_CHECKING:
    from tests.terraform.packer_calls import Request

DATA = Path(__file__).parents[1] / "data"
FLEET, LAUNCH = f"{EC2}:fleet/fleet-1", f"{EC2}:launch-template/lt-1"
TUNNEL = f"arn:aws:ssm:{REGION}::document/AWS-StartPortForwardingSession"
SESSION = f"arn:aws:ssm:{REGION}:{ACCOUNT}:session/build-0123"
_PASSED = {"iam:PassedToService": "ec2.amazonaws.com"}
_MADE = {"aws:RequestTag/BuiltBy": "Packer"}
_RESOURCES = {
    "*": "*",
    "fleet": FLEET,
    "image": IMAGE,
    "instance": INSTANCE,
    "instance-profile": PROFILE,
    "launch-template": LAUNCH,
    "network-interface": f"{EC2}:network-interface/eni-1",
    "role": PROFILE_ROLE,
    "session": SESSION,
    "spot-instances-request": f"{EC2}:spot-instances-request/sir-1",
    "tunnel": TUNNEL,
    "volume": VOLUME,
}
#: What a call on one of them has in any case.
_ALWAYS = {"role": _PASSED, "session": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}}
_TAGS = {"resource": OURS, "request": _MADE}
#: Options of a template -> what the builder asks of AWS for them.
ASKED = tomllib.loads((DATA / "packer_calls.toml").read_text(encoding="utf-8"))["options"]


def _request(call: dict[str, str]) -> Request:
    action, resource = call["action"], call["resource"]
    tags = _TAGS.get(call.get("tag", ""), {})
    if action.startswith("ssm:"):
        tags = {key.replace("aws:ResourceTag", "ssm:resourceTag"): value for key, value in tags.items()}
    during = {"ec2:CreateAction": call["during"]} if "during" in call else {}
    return action, _RESOURCES[resource], {**tags, **during, **_ALWAYS.get(resource, {})}


#: What an option needs beyond a plain build, by its name in build_features, or by its own input.
OPTIONAL: dict[str, list[Request]] = {
    name if table["input"] == "build_features" else table["input"]: [*map(_request, table["requests"])]
    for name, table in ASKED.items()
    if "input" in table
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
