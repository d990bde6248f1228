"""Each way to use the module that changes a policy, and the policies that Terraform plans for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.terraform.iam_rights import REGION
from tests.terraform.module_on_aws import PLAN, planned_resources, policy

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

ACCOUNT = "123456789012"
PARTNERS = ("999999999999", "888888888888")
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-000000000000"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:images"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
GOOD = {
    "project_description": '"d"',
    "artefact_bucket_name": '"bucket"',
    "source_repository": '"repo"',
    "environment_vars": '{ PACKER_SCRIPT = "p.json" }',
}


def ids(kind: str, count: int) -> list[str]:
    """As many as the module takes, two of them named in a test."""
    return [f"{kind}-1", f"{kind}-2", *(f"{kind}-{number:017x}" for number in range(count - 2))]


#: What CodeBuild fetches: a name, an ARN with and without its six characters, another account's; parameters.
SECRETS = {
    "BY_NAME": ("secret", "app/db"),
    "KEY_OF_JSON": ("secret", "app/db:password:AWSPREVIOUS"),
    "BY_ARN": ("secret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:web-AbCdEf:token::"),
    "WITHOUT_SUFFIX": ("secret", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:no-suffix-here:token"),
    "THEIRS": ("secret", f"arn:aws:secretsmanager:{REGION}:999999999999:secret:shared-AbCdEf"),
    "PARAMETER": ("parameter", "/app/name"),
    "PLAIN_NAME": ("parameter", "token:3"),
    "PARAMETER_ARN": ("parameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/other"),
}
SECRETS_INPUT = json.dumps({name: {kind: value} for name, (kind, value) in SECRETS.items()})
#: Each is a use, too.
FEATURES = ("deprecation", "deregistration_protection", "fast_launch", "session_manager", "spot")
PROFILE, PROFILE_ROLE = (f"arn:aws:iam::{ACCOUNT}:{kind}/image-build" for kind in ("instance-profile", "role"))
USES = {
    "defaults": {},
    "connected": {
        "source_type": '"codeconnections"',
        "source_repository": '"owner/repo"',
        "connection_arn": f'"{CONNECTION}"',
        "full_clone": "true",
        "approval": f'{{ topic_arn = "{TOPIC}" }}',
        "schedule": '"rate(1 day)"',
        "vpc_config": f'{{ vpc_id = "vpc-1", subnet_ids = {json.dumps(ids("subnet", 16))} }}',
        "kms_key_arn": f'"{KEY}"',
        "image_regions": '["eu-central-1"]',
    },
    # All that closes it, and all that opens it in the open: as long as it can be.
    "named": {
        "source_type": '"codeconnections"',
        "source_repository": '"owner/repo"',
        "connection_arn": f'"{CONNECTION}"',
        "full_clone": "true",
        "kms_key_arn": f'"{KEY}"',
        "vpc_config": f'{{ vpc_id = "vpc-1", subnet_ids = {json.dumps(ids("subnet", 16))}, '
        f"security_group_ids = {json.dumps(ids('sg', 5))} }}",
        "vpc_id": '"vpc-1"',
        "subnet_ids": json.dumps(ids("subnet", 10)),
        "security_group_ids": json.dumps(ids("sg", 5)),
        "image_regions": '["eu-central-1", "eu-west-1"]',
        "share_with_accounts": json.dumps([*PARTNERS, *(f"{number:012}" for number in range(8))]),
        "build_features": '["deprecation", "deregistration_protection"]',
    },
    **{feature: {"build_features": json.dumps([feature])} for feature in FEATURES},
    "instance_profiles": {"instance_profiles": f'{{ "{PROFILE}" = "{PROFILE_ROLE}" }}'},
    "private": {"network": '"private"', "vpc_config": '{ vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }'},
    "tunnel": {"network": '"session-manager"'},
    "tunnel_of_theirs": {
        "network": '"session-manager"',
        "environment_vars": '{ PACKER_SCRIPT = "p.json", IAM_INSTANCE_PROFILE = "image-build" }',
        "instance_profiles": f'{{ "{PROFILE}" = "{PROFILE_ROLE}" }}',
    },
    "secrets": {"environment_secrets": SECRETS_INPUT, "secret_key_arns": f'["{KEY}"]'},
    "untagged": {
        "instance_tags": "{}",
        "full_clone": "true",
        "share_with_accounts": json.dumps(PARTNERS),
        "build_features": json.dumps(FEATURES),
    },
    "old": {
        "environment_vars": '{ PACKER_SCRIPT = "p.json", PACKER_VERSION = "1.6.6" }',
        "share_with_accounts": json.dumps(PARTNERS),
    },
}
#: Use of the module -> name of a policy -> its text. `build`, `more` and `features` are the build's. Besides, as JSON:
#: the variables of the build ("environment") and the names of the module's own "instance profiles".
Policies = dict[str, dict[str, str]]


def plan_uses(estate: Estate) -> Policies:
    """All of them, by one plan."""
    blocks = []
    for name, inputs in USES.items():
        lines = "\n".join(f"  {key} = {value}" for key, value in {**GOOD, **inputs}.items())
        blocks.append(
            f'module "{name}" {{\n  source = "../modules/codepipeline"\n  project_name = "{name}"\n{lines}\n}}\n'
        )
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    found = {}
    for name in USES:
        resources = planned_resources(estate, module=name)
        found[name] = {kind: policy(resources, kind) for kind in ("build", "pipeline")}
        found[name] |= {values["name"]: values["policy"] for kind, values in resources if kind == "aws_iam_role_policy"}
        for kind, values in resources:
            if kind == "aws_iam_policy":
                about = values["name"].rpartition("-")[2]
                found[name][about if about in ("features", "secrets") else "more"] = values["policy"]
        (project,) = [values for kind, values in resources if kind == "aws_codebuild_project"]
        variables = project["environment"][0]["environment_variable"]
        found[name]["environment"] = json.dumps({each["name"]: each["value"] for each in variables})
        found[name]["instance profiles"] = json.dumps(
            [values["name"] for kind, values in resources if kind == "aws_iam_instance_profile"]
        )
        (bucket,) = [values["policy"] for kind, values in resources if kind == "aws_s3_bucket_policy"]
        trusts = {values["name"]: values["assume_role_policy"] for kind, values in resources if kind == "aws_iam_role"}
        found[name] |= {"bucket": bucket, **trusts}
    return found


def build_rights(policies: Policies, use: str) -> list[str]:
    """All policies of the build's role."""
    return [policies[use][name] for name in ("build", "more", "features", "secrets") if name in policies[use]]
