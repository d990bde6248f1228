"""What of the root module counts as an input of a plan, however it is written, and which modules are no images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo, write_tree
from tests.terraform.toy import ESTATE, SYNC, after
from tfgen.terraform.binary import find_terraform
from tfgen.terraform.version import read_version

MODULE = 'resource "terraform_data" "x" {\n}\n'
LOCK = "terraform/pipelines/.terraform.lock.hcl"


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("net.tf", 'module "net" {\n  source = "../net"\n}\n'),
        ("net.tf", 'module "net" { source = "../net" }\n'),
        ("net.tf", 'module net {\n  source="../net"\n}\n'),
        ("net.tf.json", '{"module": {"net": {"source": "../net"}}}'),
        ("net.tf.json", '[{"module": [{"net": {"source": "../net"}}]}]'),
    ],
)
def test_a_hand_written_module_is_an_input_and_no_image(repo: Repo, tfgen: Command, name: str, call: str) -> None:
    root = repo({**ESTATE, f"terraform/pipelines/{name}": call, "terraform/net/main.tf": MODULE})
    tfgen("sync").expect(0)
    found = json.loads(tfgen("plan", "--out", "saved", "--format", "json").expect(0).out)
    assert [image["name"] for image in found["images"]] == ["db", "web", "(shared)"]
    write_tree(root, {"terraform/net/main.tf": MODULE + "\n"})
    assert "terraform/net/main.tf has changed" in tfgen("apply", "saved").expect(3).err


def test_modules_of_modules_are_inputs(repo: Repo, tfgen: Command) -> None:
    outer = 'module "inner" {\n  source = "../inner"\n}\n'
    root = repo(
        {
            **ESTATE,
            "terraform/pipelines/more.tf": 'module "outer" {\n  source = "../outer"\n}\n',
            "terraform/outer/main.tf": outer,
            "terraform/inner/main.tf": MODULE,
            "terraform/unused/main.tf": MODULE,
        }
    )
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    kept = json.loads((root / "saved.json").read_text())["inputs"]
    assert "terraform/inner/main.tf" in kept
    assert "terraform/unused/main.tf" not in kept


def planned(repo: Repo, tfgen: Command, files: dict[str, str], *arguments: str) -> Path:
    root = after(repo, tfgen, {**ESTATE, **files}, SYNC)
    tfgen("plan", "--out", "saved", *arguments).expect(0)
    return root


def test_a_lock_file_counts_where_it_is(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen, {LOCK: "# one\n"})
    write_tree(root, {LOCK: "# two\n"})
    assert f"{LOCK} has changed" in tfgen("apply", "saved").expect(3).err
    (root / LOCK).unlink()
    tfgen("apply", "saved").expect(0)


@pytest.mark.parametrize("flag", [("-var-file=../vars/more.tfvars",), ("-var-file", "../vars/more.tfvars")])
def test_a_var_file_is_an_input(repo: Repo, tfgen: Command, flag: tuple[str, ...]) -> None:
    root = planned(repo, tfgen, {"terraform/vars/more.tfvars": ""}, "--", *flag)
    assert json.loads((root / "saved.json").read_text())["arguments"] == ["-var-file"]
    (root / "terraform/vars/more.tfvars").unlink()
    assert "vars/more.tfvars was deleted" in tfgen("apply", "saved").expect(3).err


def test_what_terraform_and_tfgen_write_is_no_input(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    tfgen("plan", "--out", "terraform/pipelines/first").expect(0)
    tfgen("apply", "terraform/pipelines/first").expect(0)
    write_tree(root, {"terraform/pipelines/crash.log": "x", "terraform/pipelines/images.tfplan": "x"})
    tfgen("plan", "--out", "terraform/pipelines/second").expect(0)
    kept = json.loads((root / "terraform/pipelines/second.json").read_text())["inputs"]
    assert [path for path in kept if path.startswith("terraform/pipelines/")] == [
        "terraform/pipelines/locals.tf",
        "terraform/pipelines/pipeline_db.gen.tf",
        "terraform/pipelines/pipeline_web.gen.tf",
    ]
    tfgen("apply", "terraform/pipelines/second").expect(0)
    (root / "link").symlink_to(root / "terraform/pipelines")
    tfgen("plan", "--out", "link/third").expect(0)


@pytest.mark.parametrize("name", ["x.tfstate.tf", ".auto.tfvars", "x.tfplan.auto.tfvars.json"])
def test_what_terraform_reads_is_an_input_whatever_it_is_called(repo: Repo, tfgen: Command, name: str) -> None:
    root = planned(repo, tfgen, {f"terraform/pipelines/{name}": "{}\n" if name.endswith("json") else "\n"})
    (root / "terraform/pipelines" / name).unlink()
    assert f"{name} was deleted" in tfgen("apply", "saved").expect(3).err


def test_another_product_of_the_same_version_is_refused(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen, {})
    file = root / "tofu"
    version = read_version(find_terraform())
    file.write_text(f"""#!/bin/sh\necho '{{"terraform_version": "{version}"}}'\n""")
    file.chmod(0o755)
    assert (
        f"by terraform {version}, but this is tofu" in tfgen("apply", "saved", "--terraform", str(file)).expect(3).err
    )


@pytest.mark.parametrize("variable", ["GITHUB_ACTOR", "BITBUCKET_STEP_TRIGGERER_UUID", "CODEBUILD_INITIATOR"])
def test_who_made_it_is_whom_ci_names(repo: Repo, tfgen: Command, variable: str) -> None:
    root = repo({**ESTATE, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved", **{variable: "somebody"}).expect(0)
    assert json.loads((root / "saved.json").read_text())["who"] == "somebody"


def test_what_the_environment_adds_to_the_plan_counts_too(repo: Repo, tfgen: Command) -> None:
    root = repo({**ESTATE, "terraform/vars/more.tfvars": ""})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved", TF_CLI_ARGS_plan="-var-file=../vars/more.tfvars").expect(0)
    (root / "terraform/vars/more.tfvars").unlink()
    assert "vars/more.tfvars was deleted" in tfgen("apply", "saved").expect(3).err


@pytest.mark.parametrize("flag", [("-target=module.web",), ("-target", "module.web.terraform_data.pipeline")])
def test_a_target_of_ones_own_says_nothing_of_other_images(repo: Repo, tfgen: Command, flag: tuple[str, ...]) -> None:
    after(repo, tfgen, ESTATE, SYNC)
    found = json.loads(tfgen("plan", "--format", "json", "--", *flag).expect(0).out)
    assert [image["name"] for image in found["images"]] == ["web"]
    assert (found["targets"], found["unchanged"]) == (["web"], [])


def test_a_template_that_cannot_be_read_stops_the_plan(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen, {})
    write_tree(root, {"packer/web.json": '{"builders": ['})
    tfgen("sync").expect(1)
    result = tfgen("plan").expect(1)
    assert "packer/web.json:1" in result.err
    assert result.err.endswith("error: some templates cannot be read; fix the errors above\n")


def test_what_runs_beside_a_plan_is_no_input(repo: Repo, tfgen: Command) -> None:
    """Logs, redirected output, Terraform's own folder, and what it is asked to generate."""
    root = planned(repo, tfgen, {})
    folder = root / "terraform/pipelines"
    environment = {"TF_LOG": "info", "TF_LOG_PATH": "trace.log", "TF_DATA_DIR": "made"}
    tfgen("plan", "--out", "saved", **environment).expect(0)
    (folder / "plan.txt").write_text("shown")
    tfgen("apply", "saved", **environment).expect(0)
    write_tree(root, {"terraform/pipelines/more.tf": 'import {\n  to = terraform_data.mine\n  id = "abc"\n}\n'})
    tfgen("plan", "--out", "saved", "--", "-generate-config-out=mine.tf").expect(0)


def test_a_file_that_the_root_module_names_is_an_input(repo: Repo, tfgen: Command) -> None:
    more = 'output "x" {\n  value = file("${path.module}/policy.txt")\n}\n'
    root = planned(repo, tfgen, {"terraform/pipelines/more.tf": more, "terraform/pipelines/policy.txt": "a"})
    write_tree(root, {"terraform/pipelines/policy.txt": "b"})
    assert "terraform/pipelines/policy.txt has changed" in tfgen("apply", "saved").expect(3).err


def test_a_root_module_around_the_whole_repository(repo: Repo, tfgen: Command) -> None:
    files = {name.removeprefix("terraform/pipelines/"): text for name, text in ESTATE.items()}
    toml = f'terraform_dir = "."\n{files["tfgen.toml"]}[module]\nsource = "./terraform/modules/codepipeline"\n'
    root = repo({**files, "tfgen.toml": toml})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    write_tree(root, {"README.md": "x", "ansible/x.yml": "x"})
    tfgen("apply", "saved").expect(0)
