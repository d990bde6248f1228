"""What OpenTofu encrypts: known by its form, cut ones too, and taken for nothing else."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from tests.conftest import TOY, Repo
from tfgen.plan.plan_file import is_plan, require_whole
from tfgen.state.backend_init import Terraform
from tfgen.state.encrypted import decrypted, is_encrypted
from tfgen.state.errored import read_errored
from tfgen.state.move import decide, look
from tfgen.state.state_file import parse_state
from tfgen.terraform.binary import Binary
from tfgen.terraform.encryption import key_advice
from tfgen.terraform.secrets.values import known_values
from tfgen.workspace import open_workspace
from tfgen_generators.errors import RefusedError, TerraformError, TfgenError
from tfgen_generators.root_module.backend import S3Backend

DATA = base64.b64encode(b"PK or a state" * 20).decode()
PLAN = {"meta": {"key_provider.pbkdf2.k": "eyJzYWx0IjoieCJ9"}, "encrypted_data": DATA, "encryption_version": "v0"}
STATE = {"serial": 1, "lineage": "049dbcab-1", **PLAN}


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (json.dumps(PLAN), True),
        (json.dumps(PLAN, indent=2), True),
        (json.dumps(PLAN)[:200], True),  # the manifest's digest says that it was altered
        ("PK\x03\x04", True),
        (json.dumps(STATE), False),
        (json.dumps({"meta": {}}), False),
        ('{"kind": "encrypted_data"}', False),
        ('{"terraform_version": "1.11.4"}', False),
        ("", False),
    ],
)
def test_what_begins_like_a_plan(tmp_path: Path, content: str, is_one: bool) -> None:
    file = tmp_path / "plan"
    file.write_text(content)
    assert is_plan(file) is is_one


def test_a_whole_one_is_good(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(json.dumps(PLAN))
    require_whole(tmp_path / "plan", "OpenTofu")


@pytest.mark.parametrize("length", [1, 40, 100, len(json.dumps(PLAN)) - 1])
def test_a_cut_one_is_not(tmp_path: Path, length: int) -> None:
    (tmp_path / "plan").write_text(json.dumps(PLAN)[:length])
    with pytest.raises(TerraformError, match="OpenTofu reported success, but its plan file is truncated"):
        require_whole(tmp_path / "plan", "OpenTofu")


@pytest.mark.parametrize(
    ("changes", "is_one"),
    [
        ({}, True),
        ({"encrypted_data": ""}, False),
        ({"encrypted_data": "%"}, False),
        ({"encryption_version": ""}, False),
    ],
)
def test_an_encrypted_state(changes: dict[str, str], is_one: bool) -> None:
    assert is_encrypted(json.dumps({**STATE, **changes}).encode()) is is_one


def test_two_encryptions_of_a_state_are_not_compared_by_their_content() -> None:
    first, second = (
        parse_state(json.dumps({**STATE, "encrypted_data": text}).encode(), "x") for text in (DATA, "AAAA")
    )
    assert first is not None
    assert second is not None
    assert first.is_encrypted
    assert not first.is_empty
    assert not first.continues(second)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "encryption.key_provider.pbkdf2.k depends on var.pass which is not available",
            "set TF_VAR_pass, which every command then finds",
        ),
        ("encryption.method.aes_gcm.m depends on local.key which is not available", "give local.key a value"),
        (
            "│ This state file is encrypted and can not be\n│ read without an encryption configuration",
            "configure the key that it was encrypted with: TF_ENCRYPTION, or the encryption block and its variables",
        ),
        (
            "decryption failed for all\nprovided methods",
            "configure the key that it was encrypted with: TF_ENCRYPTION, or the encryption block and its variables",
        ),
        ("Backend initialization required", ""),
    ],
)
def test_what_to_do_about_a_key(said: str, advice: str) -> None:
    assert key_advice(said) == advice


@pytest.mark.parametrize(
    "key",
    [
        'key_provider "pbkdf2" "key" {\n  passphrase = "correct-horse-\\"battery"\n}\n',
        '{"key_provider": {"pbkdf2": {"key": {"passphrase": "correct-horse-\\"battery"}}}}',
    ],
)
def test_a_passphrase_is_hidden(tmp_path: Path, key: str) -> None:
    hidden = known_values((), tmp_path, {"TF_ENCRYPTION": key}, (), ())
    assert 'correct-horse-"battery' in hidden
    assert "pbkdf2" not in hidden


#: OpenTofu as `state pull`: its folder is listed, and the state in it is told in plain.
_PULL = r"""#!/bin/sh
cd "$PWD" && ls -A >'{seen}' && cat backend.tf >>'{seen}' && cat .terraform/modules/modules.json >>'{seen}'
echo "$TF_DATA_DIR$TF_WORKSPACE" >>'{seen}'
printf '\nWarning: a warning that comes first\n\n'
printf '{{\n"version": 4, "serial": 1, "lineage": "%s"}}\n' "$(sed 's/.*lineage": "\([^"]*\).*/\1/' terraform.tfstate)"
"""


MODULES = '{"Modules": [{"Key": "web", "Dir": "../modules/m"}]}'


def test_a_state_in_no_backend_is_decrypted_beside_the_root_module(repo: Repo) -> None:
    root = repo(
        {
            **TOY,
            "terraform/pipelines/backend.tf": 'terraform {\n  backend "s3" {\n  }\n  encryption {}\n}\n',
            "terraform/pipelines/terraform.tfstate": "an older one",
            "terraform/pipelines/.terraform/terraform.tfstate": "{}",
            "terraform/pipelines/.terraform/modules/modules.json": MODULES,
        }
    )
    seen, program = root / "seen", root / "tofu"
    program.write_text(_PULL.format(seen=seen))
    program.chmod(0o755)
    binary = Binary(argv=(str(program),), file=program, product="tofu")
    env = {**os.environ, "TF_DATA_DIR": ".terraform", "TF_WORKSPACE": "other"}
    plain = decrypted(open_workspace(), binary, env, json.dumps(STATE).encode(), "errored.tfstate")
    told = parse_state(plain, "x")
    assert told is not None
    assert told.lineage == STATE["lineage"]
    assert seen.read_text() == (
        ".terraform\nbackend.tf\nlocals.tf\nterraform.tfstate\n"
        "terraform {\n  \n  encryption {}\n}\n"
        f'{{"Modules":[{{"Key":"web","Dir":"{root}/terraform/modules/m"}}]}}\n'
    )
    assert not list((root / ".tfgen").glob("state-*"))


@pytest.mark.parametrize("product", ["terraform", "tofu"])
def test_only_opentofu_reads_it(repo: Repo, product: Literal["terraform", "tofu"]) -> None:
    repo({**TOY, "terraform/pipelines/errored.tfstate": json.dumps(STATE)})
    workspace = open_workspace()
    binary = Binary(argv=("/bin/false",), file=Path("/bin/false"), product=product)
    state, source = read_errored(workspace, None)
    assert source.name == "errored.tfstate"
    with pytest.raises(TfgenError) as told:
        decrypted(workspace, binary, os.environ, state, "errored.tfstate")
    assert str(told.value).startswith(
        "errored.tfstate: the state is encrypted by OpenTofu, which Terraform cannot read; use --terraform tofu"
        if product == "terraform"
        else "errored.tfstate: the state is encrypted, and tofu state pull failed (exit code 1); see above; if"
    )


def test_a_bucket_with_an_encrypted_state_is_not_for_terraform(repo: Repo) -> None:
    workspace = open_workspace() if repo(TOY) else None
    assert workspace is not None
    binary = Binary(argv=("terraform",), file=Path("terraform"))
    root = look(workspace, Terraform(binary=binary, version="1.15.5", env={}), None)
    remote = parse_state(json.dumps(STATE).encode(), "x")
    with pytest.raises(RefusedError, match=r"^s3://b/k: the state is encrypted by OpenTofu") as told:
        decide(root, S3Backend(bucket="b", key="k", region="r"), remote, adopt=True)
    assert told.value.exit_code == 3
    tofu = msgspec.structs.replace(binary, product="tofu")
    root = look(workspace, Terraform(binary=tofu, version="1.12.6", env={}), None)
    assert decide(root, S3Backend(bucket="b", key="k", region="r"), remote, adopt=True) == "init"
    with pytest.raises(RefusedError, match=r"already has a state \(encrypted, serial 1, lineage 049dbcab\)"):
        decide(root, S3Backend(bucket="b", key="k", region="r"), remote, adopt=False)
