"""The module ci_roles: applied, tested and destroyed on the emulator; held against 6.62."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest

from tests.iam_policy import Request, permits
from tests.terraform import test_module_schema as schema
from tests.terraform.aws_proxy import Call, proxy
from tests.terraform.ci_calls import asked_of
from tests.terraform.ci_uses import USES, call
from tests.terraform.conftest import BLOCK, ROOT, Estate
from tests.terraform.iam_rights import REGION
from tests.terraform.module_on_aws import DESTROY, PLAN, left_over
from tests.terraform.test_module_examples import network
from tfgen.emulator.override import override_text

MODULES = ROOT / "terraform" / "modules"
HOSTS = ("bitbucket", "codecommit", "github")
#: Not in the file of 6.62: as the provider's documentation has it.
PROVIDER = {
    **{name: {"required": False} for name in ("tags", "thumbprint_list")},
    **{name: {"required": True} for name in ("client_id_list", "url")},
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A proxy in the emulator's place."""

    endpoint: str
    region: str


def test_an_apply_of_the_pipelines_asks_what_is_allowed(estate: Estate) -> None:
    """The module beside both others, made, looked at and destroyed by the real provider: each call that is seen."""
    net = network(estate.emulator)
    boundary = "  permissions_boundary = module.ci.permissions_boundary\n}\n"
    pipeline = (
        f'  force_destroy = true\n  tags = {{ Team = "images" }}\n'
        f'  vpc_config = {{ vpc_id = "{net["vpc_id"]}", subnet_ids = {json.dumps(net["subnet_ids"])} }}\n'
    )
    dispatcher = (
        'module "dispatcher" {\n  source = "../modules/dispatcher"\n  name = "ami-builder-dispatcher"\n'
        '  source_repository = "ami-builder"\n  pipelines = { wordpress = "wordpress-ami-pipeline" }\n'
        f'  tfgen_requirement = "tfgen-ami @ git+https://example.com/tfgen@{"4b" * 20}"\n'
    )
    blocks = [call("ci", {**USES["github"], "vpc_ids": USES["codecommit"]["vpc_ids"]})]
    blocks += [BLOCK.rstrip().removesuffix("}"), pipeline, boundary, dispatcher, boundary]
    estate.generated.write_text("".join(blocks), encoding="utf-8")
    calls: list[Call] = []
    with proxy(estate.emulator.endpoint, calls.append) as url:
        (override,) = estate.folder.glob("*_override.tf")
        override.write_text(override_text(Endpoint(endpoint=url, region=REGION)), encoding="utf-8")
        estate.init()
        estate.terraform("apply", "-auto-approve", "-input=false", "-no-color")
        rights, limit = stands(estate)
        made = len(calls)
        estate.terraform(*PLAN, expect=0)
        planned = calls[made:]
        estate.terraform(*DESTROY)
    assert left_over(estate.emulator) == {}
    assert estate.emulator.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    asked = questions(calls)
    assert [each for each in asked if not permits([rights["apply"]], each, boundary=limit)] == []
    actions = {each.action for each in asked}
    assert {"iam:CreateRole", "s3:CreateBucket", "codepipeline:CreatePipeline", "ec2:CreateSecurityGroup"} <= actions
    assert [each for each in questions(planned) if not permits([rights["plan"]], each)] == []


def stands(estate: Estate) -> tuple[dict[str, str], str]:
    """The rights of both roles, and the boundary's text, as AWS has them."""
    iam = estate.emulator.client("iam")
    role = iam.get_role(RoleName="tfgen-apply")["Role"]
    boundary = "arn:aws:iam::123456789012:policy/tfgen-boundary"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert "PermissionsBoundary" not in iam.get_role(RoleName="tfgen-plan")["Role"]
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Federated"] == provider["Arn"]
    text = iam.get_policy_version(PolicyArn=boundary, VersionId="v1")["PolicyVersion"]["Document"]
    rights = {
        use: json.dumps(iam.get_role_policy(RoleName=f"tfgen-{use}", PolicyName=use)["PolicyDocument"])
        for use in ("plan", "apply")
    }
    return rights, json.dumps(text)


def questions(calls: list[Call]) -> list[Request]:
    """What IAM is asked about the pipelines, each once; what made CI's own roles is an administrator's."""
    boundaries = {"wordpress-ami-pipeline-codebuild": "arn:aws:iam::123456789012:policy/tfgen-boundary"}
    found = {str(request): request for each in calls if (request := asked_of(each, boundaries))}
    return [each for each in found.values() if not re.search("[:/]tfgen-|:oidc-provider/|:policy/None", each.resource)]


def test_its_choices(estate: Estate) -> None:
    folder = estate.folder.parent / "modules" / "ci_roles"
    (folder / "emulator.tf").write_text(override_text(estate.emulator), encoding="utf-8")
    estate.init(folder)
    said = estate.terraform("test", "-no-color", cwd=folder).stdout
    assert "9 passed, 0 failed" in said


@pytest.mark.parametrize("name", ["ci_roles", *(f"ci_roles/examples/{host}" for host in HOSTS)])
def test_the_newest_provider_knows_everything(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.SCHEMA["resource"], "aws_iam_openid_connect_provider", PROVIDER)
    files = sorted((MODULES / name).glob("*.tf"))
    assert files
    assert [f"{file.name}: {fault}" for file in files for fault in schema.faults_of(file.read_text())] == []


def test_each_partition_has_its_own_arns() -> None:
    """The partition comes from who asks; and no domain is AWS's only one."""
    texts = [file.read_text(encoding="utf-8") for file in (MODULES / "ci_roles").glob("*.tf")]
    assert sum(text.count("arn:${local.partition}:") for text in texts) > 20
    assert not [text for text in texts if "arn:aws" in text or re.search(r'amazonaws\.com(?![*"])', text)]
