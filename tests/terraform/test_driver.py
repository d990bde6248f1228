"""Terraform and OpenTofu are driven alike, and what one of them does not know is said beside what needs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Command, Repo
from tests.terraform.faults import synced
from tests.terraform.toy import faulty_terraform
from tfgen.terraform.binary import Binary, find_terraform
from tfgen.terraform.version import FEATURES, has_feature, require_feature
from tfgen_generators.errors import TerraformError


def tofu(root: Path, version: str) -> str:
    """The real Terraform under OpenTofu's name and with a version of its."""
    file = root / "tofu"
    answer = f"""echo '{{"terraform_version": "{version}"}}'; exit 0"""
    file.write_text(Path(faulty_terraform(root, "version", answer)).read_text())
    file.chmod(0o755)
    return str(file)


def test_opentofu_plans_and_applies(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    program = tofu(root, "1.9.0")
    tfgen("plan", "--out", "saved", "--terraform", program).expect(0)
    assert "2 added" in tfgen("apply", "saved", "--terraform", program).expect(0).out


def test_opentofu_has_its_name_in_messages(repo: Repo, tfgen: Command) -> None:
    root = synced(repo, tfgen)
    program = tofu(root, "1.9.0")
    (root / "terraform/pipelines/more.tf").write_text('resource "terraform_data" "x" {\n  input = local.nothing\n}\n')
    assert "error: tofu plan failed (exit code 1)" in tfgen("plan", "--terraform", program).expect(1).err


@pytest.mark.parametrize(("product", "old", "new"), [("terraform", "1.9.8", "1.10.0"), ("tofu", "1.9.0", "1.10.0")])
def test_a_lock_file_in_the_bucket_needs_a_newer_one(product: str, old: str, new: str) -> None:
    binary = Binary(argv=(product,), file=Path(product), product="tofu" if product == "tofu" else "terraform")
    assert has_feature(binary, new, "use_lockfile")
    assert not has_feature(binary, old, "use_lockfile")
    with pytest.raises(
        TerraformError, match=rf"backend.tf: x, which {product} {old} does not support; use 1.10 or newer"
    ):
        require_feature(binary, old, "use_lockfile", where="backend.tf", message="x")


def test_every_feature_is_gated_for_both() -> None:
    assert {product for gates in FEATURES.values() for product in gates} == {"terraform", "tofu"}
    assert all(len(gates) == 2 for gates in FEATURES.values())


def test_the_real_one_has_all_features() -> None:
    from tfgen.terraform.version import read_version

    binary = find_terraform()
    version = read_version(binary)
    assert all(has_feature(binary, version, feature) for feature in FEATURES)


@pytest.mark.parametrize(
    ("umask", "user", "said"),
    [
        ("022", {}, "1 400"),
        ("077", {}, "1 400"),
        ("002", {}, "unset 400"),
        ("020", {}, "unset 400"),
        ("022", {"TF_DISABLE_PLUGIN_TLS": "", "GOGC": "100"}, " 100"),
        ("000", {"TF_DISABLE_PLUGIN_TLS": "1"}, "1 400"),
    ],
)
def test_tls_with_providers_is_kept_where_others_could_connect(
    repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch, umask: str, user: dict[str, str], said: str
) -> None:
    """Who may write to a provider's socket may connect to it (ADR 12)."""
    root = synced(repo, tfgen)
    monkeypatch.delenv("GOGC", raising=False)
    fake = faulty_terraform(root, "plan", 'echo "${TF_DISABLE_PLUGIN_TLS-unset} $GOGC" >"$OLDPWD/said"; exit 1')
    before = os.umask(int(umask, 8))
    try:
        tfgen("plan", "--terraform", fake, OLDPWD=str(root), **user).expect(1)
    finally:
        os.umask(before)
    assert (root / "said").read_text() == f"{said}\n"


def test_an_error_in_a_plan_that_ended_well_is_one(repo: Repo, tfgen: Command) -> None:
    """Terraform 1.15 ends well when a -var-file is not there."""
    root = synced(repo, tfgen)
    tfgen("plan", "--out", "first").expect(0)
    tfgen("apply", "first").expect(0)
    event = '{"@level":"error","type":"diagnostic","diagnostic":{"severity":"error","summary":"It is odd"}}'
    fake = faulty_terraform(root, "plan", f"echo '{event}'")
    result = tfgen("plan", "--out", "saved", "--terraform", fake).expect(1)
    assert "It is odd" in result.err
    assert "terraform plan reported an error, although its exit code is 0 (log: " in result.err.splitlines()[-1]
    assert not (root / "saved").exists()
