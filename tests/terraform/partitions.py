"""Each partition, as a module sees it: copies of the modules whose locals say another one than moto's."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from tests.terraform.module_on_aws import PLAN, planned_resources

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

ACCOUNT = "123456789012"
#: Partition -> a region of it.
PARTITIONS = {
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
}
#: Name of a policy -> its document.
Documents = dict[str, Any]
_MODULES = ("codepipeline", "dispatcher", "shared", "ci_roles")
#: Provider 3.39 refuses the ARN of a topic there, as the region begins with more than two letters.
_UNKNOWN_TO_PROVIDER = ("aws-eusc",)


def arn(partition: str, service: str, rest: str, *, region: bool = True) -> str:
    return f"arn:{partition}:{service}:{PARTITIONS[partition] if region else ''}:{ACCOUNT}:{rest}"


def inputs(partition: str) -> str:
    """All of the module's inputs that end in a policy."""
    key = arn(partition, "kms", "key/1")
    topic = arn(partition, "sns", "images")
    secret, parameter = arn(partition, "secretsmanager", "secret:app-AbCdEf"), arn(partition, "ssm", "parameter/app")
    profile, role = (arn(partition, "iam", f"{kind}/image", region=False) for kind in ("instance-profile", "role"))
    return f"""
  project_name         = "web"
  project_description  = "d"
  artefact_bucket_name = "bucket"
  source_repository    = "repo"
  environment_vars     = {{ PACKER_SCRIPT = "p.json" }}
  environment_secrets  = {{
    DB    = {{ secret = "{secret}:password" }}
    TOKEN = {{ secret = "app/token" }}
    KEY   = {{ parameter = "{parameter}" }}
    NAME  = {{ parameter = "/app/name" }}
  }}
  secret_key_arns     = ["{key}"]
  kms_key_arn         = "{key}"
  full_clone          = true
  approval            = {{ topic_arn = "{topic}" }}
  {"" if partition in _UNKNOWN_TO_PROVIDER else f'notifications = {{ topic_arn = "{topic}" }}'}
  schedule            = "rate(1 day)"
  vpc_config          = {{ vpc_id = "vpc-1", subnet_ids = ["subnet-1"] }}
  image_regions       = ["{PARTITIONS[partition]}"]
  share_with_accounts = ["999999999999"]
  build_features      = ["deprecation", "session_manager", "spot"]
  instance_profiles   = {{ "{profile}" = "{role}" }}
"""


def plan_partitions(estate: Estate) -> dict[str, Documents]:
    """The policies that Terraform plans in each partition, by one plan."""
    blocks = []
    for partition, region in PARTITIONS.items():
        for module in _MODULES:
            copy = estate.folder.parent / "modules" / f"{module}-{partition}"
            shutil.copytree(estate.folder.parent / "modules" / module, copy)
            said = f'locals {{\n  partition = "{partition}"\n  region    = "{region}"\n}}\n'
            (copy / "partition_override.tf").write_text(said, encoding="utf-8")
        blocks.append(
            f'module "{partition}" {{\n  source = "../modules/codepipeline-{partition}"\n{inputs(partition)}}}\n'
            f'module "{partition}-dispatcher" {{\n  source = "../modules/dispatcher-{partition}"\n'
            '  name = "dispatch"\n  source_repository = "repo"\n  pipelines = { web = "web" }\n'
            f'  tfgen_requirement = "https://example.com/tfgen.whl#sha256={"0" * 64}"\n}}\n'
            f'module "{partition}-shared" {{\n  source = "../modules/shared-{partition}"\n  name = "estate"\n'
            '  pipelines = ["*-ami-pipeline"]\n  artefact_bucket_name = "estate-artefacts"\n'
            '  source_repository = "repo"\n  network = "session-manager"\n}\n'
            f'module "{partition}-ci_roles" {{\n  source = "../modules/ci_roles-{partition}"\n'
            '  host = "github"\n  repository = "Example-Org/ami-builder"\n'
            '  github = { owner_id = "123456", repository_id = "456789" }\n'
            '  state = { bucket = "state", keys = ["ami-builder/terraform.tfstate"], lock_table = "locks" }\n'
            '  pipeline_names = ["*-ami-pipeline"]\n  bucket_names = ["*-ami-builder-artefacts-*"]\n}\n'
        )
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    return {partition: _documents(estate, partition) for partition in PARTITIONS}


def _documents(estate: Estate, partition: str) -> Documents:
    found: Documents = {}
    for module in (partition, *(f"{partition}-{name}" for name in _MODULES[1:])):
        for kind, values in planned_resources(estate, module=module):
            for key in ("policy", "assume_role_policy"):
                if isinstance(values.get(key), str):
                    name = values.get("name") or values.get("bucket") or kind
                    found[f"{module.removeprefix(f'{partition}-')}: {kind} {name}"] = json.loads(values[key])
            if kind == "aws_codebuild_project":
                found[f"{module}: source"] = values["source"][0]["location"]
    return found
