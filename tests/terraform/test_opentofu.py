"""OpenTofu in its own right: what only it does, and the demo and the modules with it.

What both products do is tested on both: tests with the mark `both`.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.faults import synced
from tests.terraform.products import ANOTHER, OURS, WHOLE, real_opentofu, stand_in
from tests.terraform.state_estate import Aws
from tests.terraform.toy import STATE
from tfgen.emulator.override import override_text
from tfgen.state.encrypted import is_encrypted
from tfgen.terraform.encryption import read_payload

CONFIGURE = "configure the key that it was encrypted with: TF_ENCRYPTION, or the encryption block and its variables"


@pytest.fixture(params=["stand-in", "real"])
def opentofu(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return real_opentofu() if request.param == "real" else stand_in(tmp_path)


@pytest.fixture
def real() -> str:
    """Named first by a test, so that nothing is made for one that is left out."""
    return real_opentofu()


def test_a_link_called_terraform_is_opentofu(repo: Repo, tfgen: Command, opentofu: str) -> None:
    root = synced(repo, tfgen)
    (root / "terraform-link").symlink_to(opentofu)
    shown = tfgen("--version", TFGEN_TERRAFORM="./terraform-link").expect(0).out.splitlines()[1]
    assert shown.startswith("tofu 1.")
    done = tfgen("plan", "--out", "saved", "--terraform", "./terraform-link").expect(0)
    assert "tofu init ..." in done.err
    assert "tofu plan ..." in done.err
    assert json.loads((root / "saved.json").read_text())["terraform"]["product"] == "tofu"
    refused = tfgen("apply", "saved").expect(3).err
    assert "error: saved: was made by tofu 1." in refused
    assert "but this is terraform" in refused


def test_an_encrypted_plan(repo: Repo, tfgen: Command, opentofu: str) -> None:
    """From the plan to its application, with its key; without it, one line."""
    root = synced(repo, tfgen)
    with_key = {"TFGEN_TERRAFORM": opentofu, "TF_ENCRYPTION": OURS}
    tfgen("plan", "--out", "first", **with_key).expect(0)
    tfgen("apply", "first", **with_key).expect(0)
    # Replacements are asked of `show`, which needs the key, too.
    (root / "tfgen.toml").write_text(
        (root / "tfgen.toml").read_text() + '[templates.web.inputs]\nproject_name = "another"\n'
    )
    tfgen("sync").expect(0)
    planned = tfgen("plan", "--out", "saved", **with_key).expect(0)
    assert "forced by triggers_replace" in planned.out
    assert read_payload((root / "saved").read_bytes()) is not None
    tfgen("plan", "--out", "saved", **with_key).expect(0)  # an encrypted plan may be written over
    without = "the plan is encrypted, and no key for it is configured"
    for key, says in (("", without), (ANOTHER, "with another key than the configured")):
        env = {**with_key, "TF_ENCRYPTION": key}
        last = tfgen("apply", "saved", "--allow-destroy", "web", **env).expect(1).err.splitlines()[-1]
        assert last.startswith("error: tofu show failed (exit code 1): the plan is encrypted")
        assert says in last
        assert last.endswith(CONFIGURE)
    assert "without permission: web (1 replaced)" in tfgen("apply", "saved", **with_key).expect(3).err
    tfgen("apply", "saved", "--allow-destroy", "web", **with_key).expect(0)
    assert "No changes" in tfgen("plan", **with_key).expect(0).out


def test_a_cut_encrypted_plan_is_no_plan(repo: Repo, tfgen: Command, tmp_path: Path) -> None:
    root = synced(repo, tfgen)
    made = Path(stand_in(tmp_path))
    made.write_text(made.read_text().replace('"encryption_version":"v0"}', '"encryption_version":"v0"'))
    failed = tfgen("plan", "--out", "saved", "--terraform", str(made), TF_ENCRYPTION=OURS).expect(1).err
    assert "error: OpenTofu reported success, but its plan file is truncated: the disk may be full" in failed
    assert not (root / "saved").exists()


ENCRYPTED_BY_VARIABLE = """
variable "passphrase" {
  sensitive = true
}

terraform {
  encryption {
    key_provider "pbkdf2" "key" {
      passphrase = var.passphrase
    }
    method "aes_gcm" "method" {
      keys = key_provider.pbkdf2.key
    }
    plan {
      method = method.aes_gcm.method
    }
    state {
      method = method.aes_gcm.method
    }
  }
}
"""


def test_a_key_that_is_a_variable(real: str, repo: Repo, tfgen: Command) -> None:
    """It comes with -var, or by the environment; a missing one is named."""
    files = {**TOY, "packer/web.json": JSON, "terraform/pipelines/encryption.tf": ENCRYPTED_BY_VARIABLE}
    repo(files)
    tfgen("sync").expect(0)
    given = ("--terraform", real, "--", "-var", "passphrase=correct-horse-battery")
    tfgen("plan", "--out", "saved", *given).expect(0)
    for command in (("plan", "--out", "another"), ("apply", "saved")):
        failed = tfgen(*command, "--terraform", real).expect(1).err.splitlines()[-1]
        assert "needs var.passphrase, which has no value" in failed
        assert failed.endswith("; set TF_VAR_passphrase, which every command then finds")
    tfgen("apply", "saved", *given).expect(0)
    told = tfgen("plan", "--terraform", real, TF_VAR_passphrase="correct-horse-battery").expect(0)
    assert "No changes" in told.out
    assert "correct-horse" not in told.out + told.err


def test_an_encrypted_state(real: str, repo: Repo, tfgen: Command, aws: Aws) -> None:
    """Made, read by nobody without its key, moved to the bucket, and rescued."""
    tofu = {"TFGEN_TERRAFORM": real, "TF_ENCRYPTION": WHOLE}
    without = {**tofu, "TF_ENCRYPTION": ""}
    root = synced(repo, tfgen)
    tfgen("plan", "--out", "saved", **tofu).expect(0)
    tfgen("apply", "saved", **tofu).expect(0)
    state = (root / STATE).read_bytes()
    assert is_encrypted(state)
    assert "the state is encrypted, and no key for it is configured" in tfgen("plan", **without).expect(1).err
    wrong = tfgen("plan", **{**tofu, "TF_ENCRYPTION": WHOLE.replace("correct", "another")}).expect(1).err
    assert "the state is encrypted with another key than the configured" in wrong
    terraform = tfgen("plan").expect(1).err
    assert "the state is none that Terraform knows, and was not changed" in terraform
    assert "if OpenTofu has encrypted it, use --terraform tofu with its key" in terraform

    init = ("state", "init", "--bucket", "states")
    assert f"{STATE}: the state is encrypted by OpenTofu, which Terraform cannot read" in tfgen(*init).expect(3).err
    assert f"{STATE}: the state is encrypted" in tfgen(*init, **without).expect(1).err
    assert aws.emulator.client("s3").list_buckets()["Buckets"] == []
    moved = tfgen(*init, **tofu).expect(0).out
    assert "moved 2 resources, serial 1" in moved
    assert "unchanged: the state is in" in tfgen(*init, **tofu).expect(0).out
    assert "No changes" in tfgen("plan", **tofu).expect(0).out

    (root / "terraform/pipelines/errored.tfstate").write_bytes(state)
    assert "which Terraform cannot read" in tfgen("state", "push-errored").expect(3).err
    assert f"{CONFIGURE}\n" in tfgen("state", "push-errored", **without).expect(1).err


def test_an_encrypted_state_that_could_not_be_saved(real: str, repo: Repo, tfgen: Command) -> None:
    """OpenTofu's own `state push` does not read it."""
    tofu = {"TFGEN_TERRAFORM": real, "TF_ENCRYPTION": WHOLE}
    root = synced(repo, tfgen)
    tfgen("plan", "--out", "saved", **tofu).expect(0)
    tfgen("apply", "saved", **tofu).expect(0)
    (root / STATE).rename(root / "terraform/pipelines/errored.tfstate")
    tfgen("state", "push-errored", **tofu).expect(0)
    assert is_encrypted((root / STATE).read_bytes())
    assert "No changes" in tfgen("plan", **tofu).expect(0).out
    assert not list((root / ".tfgen").glob("state-*"))


def test_the_demo(real: str, tfgen: Command) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="t"))  # a provider's socket wants it short
    done = tfgen("--terraform", real, "demo", TMPDIR=str(temporary)).expect(0)
    assert "tofu apply ..." in done.err
    assert "terraform plan" not in done.err
    assert "blog-ami-pipeline" in done.out
    assert "\nNo changes. AWS matches the templates.\n" in done.out
    Path(done.err.splitlines()[-1].removeprefix("the page of the images' state: ")).unlink()
    temporary.rmdir()


TESTS = sorted((ROOT / "terraform/modules").glob("*/tests/*.tftest.hcl"))
#: Those whose module takes the provider of the package index, 3.39.
OLD = [file for file in TESTS if re.search(r'">= 3\.', (file.parents[1] / "versions.tf").read_text("utf-8"))]


def test_the_modules_own_tests_say_nothing_that_opentofu_does_not_know() -> None:
    """OpenTofu 1.12 has no `run` in a condition."""
    assert len(OLD) >= 4
    for file in TESTS:
        conditions = re.findall(r"^ *condition *= (.*)", file.read_text("utf-8"), re.MULTILINE)
        assert not [text for text in conditions if re.search(r"\brun\.", text)], file


@pytest.mark.parametrize("file", OLD, ids=lambda file: f"{file.parents[1].name}-{file.name.partition('.')[0]}")
def test_the_modules_own_tests(real: str, estate: Estate, file: Path) -> None:
    tofu = replace(estate, program=(real,), attached={})
    module = Path(shutil.copytree(file.parents[1], estate.folder.parent / "tested"))
    (module / "emulator.tf").write_text(override_text(estate.emulator), encoding="utf-8")
    tofu.init(module)
    done = tofu.terraform("test", "-no-color", f"-filter={Path('tests', file.name)}", cwd=module)
    runs = file.read_text(encoding="utf-8").count("\nrun ")
    assert f"Success! {runs} passed, 0 failed." in done.stdout
