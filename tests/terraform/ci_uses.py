"""Each way to use the module ci_roles, and the policies that Terraform plans for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.terraform.iam_rights import REGION
from tests.terraform.module_on_aws import PLAN

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

ACCOUNT = "123456789012"
WORKSPACE, REPOSITORY, ENVIRONMENT, OTHER = (f"6f0b6f3c-2f0a-4f5e-9a53-1f6f8f1f0a0{number}" for number in range(1, 5))
STATE = "example-terraform-state"
KEY = "ami-builder/terraform.tfstate"
KMS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0000-4000-8000-000000000000"
CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-000000000000"
INSTANCE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/image-build"
ALL: dict[str, Any] = {
    "state": {"bucket": STATE, "keys": [KEY]},
    "pipeline_names": ["*-ami-pipeline", "ami-builder-dispatcher"],
    "bucket_names": ["*-ami-builder-artefacts-*"],
}
GITHUB = {"host": "github", "repository": "Example-Org/ami-builder"}
BITBUCKET = {"host": "bitbucket", "repository": "example-team/ami-builder"}
USES: dict[str, dict[str, Any]] = {
    "github": {**GITHUB, "github": {"owner_id": "123456", "repository_id": "456789"}},
    "server": {
        **GITHUB,
        "name": "ghes",
        "branch": "release/1",
        "environment": "prod:eu",
        "github": {"owner_id": "", "repository_id": "", "issuer": "git.example.com/_services/token"},
        "oidc_provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/git.example.com/_services/token",
    },
    "bitbucket": {
        **BITBUCKET,
        "bitbucket": {
            "workspace_uuid": WORKSPACE,
            "repository_uuid": f"{{{REPOSITORY}}}",
            "environment_uuid": ENVIRONMENT,
        },
    },
    # With all that may be there besides.
    "codecommit": {
        "host": "codecommit",
        "repository": "ami-builder",
        "state": {"bucket": STATE, "keys": [KEY], "lock_table": "locks", "kms_key_arn": KMS},
        "connection_arns": [CONNECTION],
        "vpc_ids": ["vpc-04f99e5833c3a909b"],
        "instance_role_arns": [INSTANCE_ROLE],
    },
}


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What one use of the module gives: trust policies and rights by role, and the boundary."""

    trust: dict[str, str]
    rights: dict[str, str]
    boundary: str
    boundary_arn: str


def call(label: str, inputs: dict[str, Any]) -> str:
    lines = "\n".join(f"  {key} = {json.dumps(value)}" for key, value in {**ALL, **inputs}.items())
    return f'module "{label}" {{\n  source = "../modules/ci_roles"\n{lines}\n}}\n'


def plan_roles(estate: Estate) -> dict[str, Roles]:
    """All uses, by one plan."""
    calls = [call(label, {"name": label, **inputs}) for label, inputs in USES.items()]
    estate.generated.write_text("\n".join(calls), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    shown = json.loads(estate.terraform("show", "-json", "saved.plan").stdout)
    modules = {each["address"]: each["resources"] for each in shown["planned_values"]["root_module"]["child_modules"]}
    return {label: _roles(modules[f"module.{label}"]) for label in USES}


def _roles(resources: list[dict[str, Any]]) -> Roles:
    values = {(each["type"], each["name"]): each["values"] for each in resources}
    boundary = values["aws_iam_policy", "boundary"]
    return Roles(
        trust={use: values["aws_iam_role", use]["assume_role_policy"] for use in ("plan", "apply")},
        rights={use: values["aws_iam_role_policy", use]["policy"] for use in ("plan", "apply")},
        boundary=boundary["policy"],
        boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/{boundary['name']}",
    )
