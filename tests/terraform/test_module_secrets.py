"""Secrets of the environment for real: planned and applied on an emulator that holds planted values."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Command
from tests.terraform.conftest import ROOT
from tests.terraform.iam_rights import REGION, as_list, is_allowed, statements
from tests.terraform.module_uses import ACCOUNT, GOOD, KEY, Policies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.terraform.conftest import Estate
    from tfgen.emulator.server import Emulator

VALUE = "quiet-planted-harbour-7"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
THEIRS = f"arn:aws:secretsmanager:{REGION}:999999999999:secret:shared-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
BOTH = "these variables are both in environment_vars and in environment_secrets: DB."
ELSEWHERE = f"CodeBuild reads secrets and parameters of its own region ({REGION}) alone, and these are elsewhere: DB."
MANY = ", ".join(f'S{number} = {{ secret = "a-team/a-long-name-of-an-image/{number}:key" }}' for number in range(70))
#: Inputs that are refused together: environment_vars, environment_secrets, and what is said.
REFUSED = {
    "twice": ('{ PACKER_SCRIPT = "p.json", DB = "x" }', '{ DB = { secret = "a" } }', BOTH),
    "region": (None, f'{{ DB = {{ secret = "{ARN.replace(REGION, "us-east-1")}:a-AbCdEf" }} }}', ELSEWHERE),
    "partition": (None, f'{{ DB = {{ parameter = "{PARAMETER.replace("aws", "aws-cn")}/a" }} }}', ELSEWHERE),
}


def block(name: str, **inputs: str) -> str:
    lines = "\n".join(f"  {key} = {value}" for key, value in {**GOOD, **inputs}.items())
    return f'module "{name}" {{\n  source = "../modules/codepipeline"\n  project_name = "{name}"\n{lines}\n}}\n'


def plant(emulator: Emulator) -> None:
    emulator.client("secretsmanager").create_secret(Name="app/db", SecretString=json.dumps({"password": VALUE}))
    emulator.client("ssm").put_parameter(Name="/app/name", Value=VALUE, Type="SecureString")


def test_the_build_may_read_exactly_its_own(policies: Policies) -> None:
    rights = policies["secrets"]["secrets"]
    assert {each["Action"]: as_list(each["Resource"]) for each in statements(rights)} == {
        "secretsmanager:GetSecretValue": [
            f"{ARN}:app/db-??????",
            f"{ARN}:no-suffix-here-??????",
            f"{ARN}:web-AbCdEf",
            THEIRS,
        ],
        "ssm:GetParameters": [f"{PARAMETER}/app/name", f"{PARAMETER}/app/other", f"{PARAMETER}/token"],
        "kms:Decrypt": [KEY],
    }


def may_read(rights: str) -> None:
    get, parameters = "secretsmanager:GetSecretValue", "ssm:GetParameters"
    for name in ("app/db-Zz09aA", "web-AbCdEf"):
        assert is_allowed(rights, get, f"{ARN}:{name}")
    for name in ("app/db-Zz09a", "app/db2-Zz09aA", "app/db", "web-AbCdEg", "app/other-Zz09aA"):
        assert not is_allowed(rights, get, f"{ARN}:{name}")
    assert not is_allowed(rights, get, f"{ARN}:app/db-Zz09aA".replace(REGION, "us-east-1"))
    assert is_allowed(rights, parameters, f"{PARAMETER}/app/name")
    assert not is_allowed(rights, parameters, f"{PARAMETER}/app")
    assert not is_allowed(rights, "ssm:GetParametersByPath", f"{PARAMETER}/app/name")
    for service, may in (("secretsmanager", True), ("ssm", True), ("ec2", False), ("s3", False)):
        via = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
        assert is_allowed(rights, "kms:Decrypt", KEY, via) is may
    assert not is_allowed(rights, "kms:Decrypt", KEY)


def with_value(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path) for path in files if "providers" not in path.parts and VALUE.encode() in path.read_bytes()]


def test_what_the_module_refuses(estate: Estate) -> None:
    blocks = [
        block(name, environment_secrets=secrets, **({"environment_vars": plain} if plain else {}))
        for name, (plain, secrets, _) in REFUSED.items()
    ]
    blocks.append(block("long", environment_secrets=f"{{ {MANY} }}"))
    estate.generated.write_text("\n".join(blocks), encoding="utf-8")
    estate.init()
    said = " ".join(estate.terraform("plan", "-input=false", "-no-color", expect=1).stderr.split())
    for name, (_, _, message) in REFUSED.items():
        assert f"{name}: {message}" in said
    assert "characters, and IAM takes 6,144: keep several values in one secret (NAME:KEY)" in said


TOML = """\
source_repository = "ami-builder"

[environment]
VPC_ID = "vpc-04f99e5833c3a909b"
SUBNET_ID = "subnet-0a1b2c3d4e5f60718"
DB = { secret = "app/db:password" }

[templates.wordpress.environment]
NAME = { parameter = "/app/name" }
"""


def test_no_command_shows_the_value(estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the emulator, and nowhere else: printed by no command, in no state, plan, comment or log."""
    emulator, root = estate.emulator, estate.folder.parents[1]
    plant(emulator)
    estate.generated.unlink()
    for part in ("ansible", "packer"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("base*"))
    shutil.copyfile(ROOT / "buildspec.yml", root / "buildspec.yml")
    (root / "tfgen.toml").write_text(TOML, encoding="utf-8")
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(root)
    said = []
    for command in ("sync", "plan --format markdown --out saved", "apply saved"):
        done = tfgen(*command.split()).expect(0)
        said.append(done.out + done.err)
    said.append(estate.terraform("show", "-json").stdout)
    assert "aws_iam_policy.secrets" in said[-1]
    assert "app/db:password" in said[-1]
    assert [text for text in said if VALUE in text] == []
    assert with_value(root) == []
    (project,) = emulator.client("codebuild").batch_get_projects(names=["wordpress-ami-pipeline"])["projects"]
    found = {each["name"]: each["type"] for each in project["environment"]["environmentVariables"]}
    assert (found["DB"], found["NAME"]) == ("SECRETS_MANAGER", "PARAMETER_STORE")
