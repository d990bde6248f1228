"""The module ci_roles: applied, tested and destroyed on the emulator; held against 6.62."""

from __future__ import annotations

import json

import pytest

from tests.terraform import test_module_schema as schema
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.module_on_aws import APPLY, DESTROY, PLAN, left_over
from tfgen.emulator.override import override_text, write_override

MODULES = ROOT / "terraform" / "modules"
HOSTS = ("bitbucket", "codecommit", "github")
#: Not in the file of 6.62: as the provider's documentation has it.
PROVIDER = {
    **{name: {"required": False} for name in ("tags", "thumbprint_list")},
    **{name: {"required": True} for name in ("client_id_list", "url")},
}


def test_it_is_applied_stands_and_leaves_nothing(estate: Estate) -> None:
    example = estate.folder.parent / "modules" / "ci_roles" / "examples" / "github"
    write_override(example, estate.emulator)
    estate.init(example)
    estate.terraform(*PLAN, cwd=example, expect=2)
    estate.terraform(*APPLY, cwd=example)
    estate.terraform(*PLAN, cwd=example, expect=0)
    iam = estate.emulator.client("iam")
    roles = {role["RoleName"]: iam.get_role(RoleName=role["RoleName"])["Role"] for role in iam.list_roles()["Roles"]}
    boundary = "arn:aws:iam::123456789012:policy/tfgen-boundary"
    assert roles["tfgen-apply"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert "PermissionsBoundary" not in roles["tfgen-plan"]
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    trusted = roles["tfgen-plan"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Federated"]
    assert trusted == provider["Arn"]
    outputs = json.loads(estate.terraform("output", "-json", cwd=example).stdout)["roles"]["value"]
    assert outputs["permissions_boundary"] == boundary
    estate.terraform(*DESTROY, cwd=example)
    assert left_over(estate.emulator) == {}
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_its_choices(estate: Estate) -> None:
    folder = estate.folder.parent / "modules" / "ci_roles"
    (folder / "emulator.tf").write_text(override_text(estate.emulator), encoding="utf-8")
    estate.init(folder)
    said = estate.terraform("test", "-no-color", cwd=folder).stdout
    assert "12 passed, 0 failed" in said


@pytest.mark.parametrize("name", ["ci_roles", *(f"ci_roles/examples/{host}" for host in HOSTS)])
def test_the_newest_provider_knows_everything(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.SCHEMA["resource"], "aws_iam_openid_connect_provider", PROVIDER)
    files = sorted((MODULES / name).glob("*.tf"))
    assert files
    assert [f"{file.name}: {fault}" for file in files for fault in schema.faults_of(file.read_text())] == []
