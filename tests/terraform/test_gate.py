"""What was reviewed is what is applied: `plan --out`, `apply FILE`, and everything that makes apply refuse."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo, write_tree
from tests.terraform.conftest import Estate
from tests.terraform.toy import ESTATE, PLAN, SYNC, after, faulty_terraform, resources, start, wait_for
from tfgen.terraform.binary import find_terraform
from tfgen.terraform.version import read_version

RENAMED = TOY["tfgen.toml"] + '[names]\nproject_name = "other-{name}"\n'


def planned(repo: Repo, tfgen: Command) -> Path:
    """An estate with a saved plan, not applied yet."""
    return after(repo, tfgen, ESTATE, SYNC, PLAN)


def applied(repo: Repo, tfgen: Command) -> Path:
    """An estate that is as planned."""
    root = planned(repo, tfgen)
    tfgen("apply", "saved").expect(0)
    return root


def manifest(root: Path, name: str = "saved") -> dict[str, object]:
    document: dict[str, object] = json.loads((root / f"{name}.json").read_text())
    return document


@pytest.mark.both
def test_the_manifest_says_what_the_plan_was_made_from(repo: Repo, tfgen: Command) -> None:
    root = repo(
        {**ESTATE, "packer/team/x.pkr.hcl": 'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n}\n'}
    )
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved", "--", "-var-file=more.tfvars").expect(1)
    write_tree(root, {"terraform/pipelines/more.tfvars": "", "terraform/modules/codepipeline/files/x.tpl": "x"})
    tfgen("plan", "--out", "saved", "--", "-var-file=more.tfvars").expect(0)
    kept = manifest(root)
    assert list(kept["inputs"]) == [  # type: ignore[call-overload]
        "packer/db.json",
        "packer/team/x.pkr.hcl",
        "packer/web.json",
        "terraform/modules/codepipeline/files/x.tpl",
        "terraform/modules/codepipeline/main.tf",
        "terraform/pipelines/locals.tf",
        "terraform/pipelines/more.tfvars",
        "terraform/pipelines/pipeline_db.gen.tf",
        "terraform/pipelines/pipeline_team-x.gen.tf",
        "terraform/pipelines/pipeline_web.gen.tf",
        "tfgen.toml",
    ]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
    assert kept["commit"] == head.stdout.strip()
    assert kept["dirty"] is True
    assert kept["arguments"] == ["-var-file"]
    tfgen("apply", "saved").expect(0)


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        ("packer/web.json", JSON.replace("amazon-ebs", "null"), "packer/web.json has changed"),
        ("packer/new.json", JSON, "packer/new.json was added"),
        ("packer/db.json", None, "packer/db.json was deleted"),
        ("tfgen.toml", RENAMED, "tfgen.toml has changed"),
        ("terraform/pipelines/pipeline_web.gen.tf", "", "terraform/pipelines/pipeline_web.gen.tf has changed"),
        ("terraform/pipelines/locals.tf", "locals {\n  account_id = 1\n}\n", "locals.tf has changed"),
        ("terraform/pipelines/more.tf", "", "terraform/pipelines/more.tf was added"),
        ("terraform/pipelines/x.auto.tfvars", "a = 1\n", "x.auto.tfvars was added"),
        ("terraform/modules/codepipeline/text.tpl", "", "terraform/modules/codepipeline/text.tpl was added"),
        ("saved", b"PK\x03\x04", "saved: was changed after it was made"),
        ("saved.json", None, "saved: has no manifest"),
        ("saved.json", "{}", "saved.json: is not a plan manifest"),
    ],
)
def test_apply_refuses_what_was_not_reviewed(
    repo: Repo, tfgen: Command, path: str, change: str | bytes | None, says: str
) -> None:
    root = planned(repo, tfgen)
    if change is None:
        (root / path).unlink()
    else:
        write_tree(root, {path: change})
    result = tfgen("apply", "saved").expect(3)
    assert says in result.err
    assert result.err.count("\n") == 1
    assert not (root / "terraform/pipelines/terraform.tfstate").exists()


def test_a_manifest_that_was_edited_is_refused(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    write_tree(root, {"tfgen.toml": RENAMED})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    file = root / "saved.json"
    file.write_text(file.read_text().replace('"replace"', '"update"'))
    assert "saved.json: was changed after the plan was made" in tfgen("apply", "saved").expect(3).err


def test_a_plan_of_bare_terraform_is_refused(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    subprocess.run([*find_terraform().argv, "plan", "-out=../../foreign"], cwd=root / "terraform/pipelines", check=True)
    assert "foreign: has no manifest, so its inputs are not known" in tfgen("apply", "foreign").expect(3).err


def test_a_plan_of_another_run_under_this_manifest_is_refused(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("plan", "--out", "other", "--", "-target=module.web").expect(0)
    shutil.copyfile(root / "other", root / "saved")
    assert "saved: was changed after it was made" in tfgen("apply", "saved").expect(3).err


def test_another_terraform_is_refused(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    fault = """echo '{"terraform_version": "1.10.0"}'; exit 0"""
    result = tfgen("apply", "saved", "--terraform", faulty_terraform(root, "version", fault)).expect(3)
    assert f"saved: was made by terraform {read_version(find_terraform())}, but this is terraform 1.10.0" in result.err


def test_another_workspace_is_refused(repo: Repo, tfgen: Command) -> None:
    planned(repo, tfgen)
    result = tfgen("apply", "saved", TF_WORKSPACE="other").expect(3)
    assert "was made in the Terraform workspace 'default', but this is 'other'" in result.err


def test_a_plan_that_is_gone(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    (root / "saved").unlink()
    assert "saved: does not exist, only its manifest does" in tfgen("apply", "saved").expect(3).err


def test_a_manifest_of_another_tfgen(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    file = root / "saved.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2, "tfgen": "9.0.0"}))
    assert "saved.json: was written by another version of tfgen (9.0.0)" in tfgen("apply", "saved").expect(3).err


def test_what_is_looked_at_is_what_is_applied(repo: Repo, tfgen: Command) -> None:
    """The plan is swapped after it was checked, while init runs."""
    root = applied(repo, tfgen)
    tfgen("plan", "--out", "harmless").expect(0)
    tfgen("plan", "--out", "grave", "--", "-destroy").expect(0)
    shutil.rmtree(root / "terraform/pipelines/.terraform")
    (root / ".tfgen/cache/init").unlink()
    swap = f'cp {root}/grave {root}/harmless; exec {find_terraform().argv[0]} "$@"'
    tfgen("apply", "harmless", "--terraform", faulty_terraform(root, "init", swap)).expect(0)
    assert (root / "harmless").read_bytes() == (root / "grave").read_bytes()
    assert resources(root) == ["module.db.pipeline", "module.web.pipeline"]


def test_two_plans_into_one_file_never_get_each_others_manifest(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    write_tree(root, {"packer/new.json": JSON})
    tfgen("sync").expect(0)
    for _ in range(3):
        first, second = start("plan", "--out", "saved"), start("plan", "--out", "saved", "--", "-destroy")
        for process in (first, second):
            process.communicate(timeout=120)
        # A state lock may have stopped one of them; what is there is one plan with its own manifest.
        kept = manifest(root)
        assert kept["plan"] == hashlib.sha256((root / "saved").read_bytes()).hexdigest()
        shown = subprocess.run(
            [*find_terraform().argv, "show", "-json", root / "saved"],
            cwd=root / "terraform/pipelines",
            capture_output=True,
        )
        made = any("create" in item["change"]["actions"] for item in json.loads(shown.stdout)["resource_changes"])
        assert ('"create"' in json.dumps(kept["summary"])) is made


def test_a_file_that_the_manifest_would_overwrite_is_refused(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    assert "packer/web.json, which exists and is not a manifest" in tfgen("plan", "--out", "packer/web").expect(3).err
    assert (root / "packer/web.json").read_text() == JSON


def test_a_plan_is_its_owners_while_it_is_made(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    look = f"ls -l {root} > {root}/seen; touch {root}/begun; sleep 60"
    process = start("plan", "--out", "saved", "--terraform", faulty_terraform(root, "plan", look))
    wait_for(root / "begun")
    process.kill()
    process.communicate(timeout=30)
    (line,) = [line for line in (root / "seen").read_text().splitlines() if ".tfplan" in line] or [""]
    left = list(root.glob(".tfgen-*.tfplan"))
    assert [file.stat().st_mode & 0o777 for file in left] == [0o600], line
    tfgen("plan", "--out", "saved").expect(0)
    assert list(root.glob(".tfgen-*.tfplan")) == [], "what a killed run has left is gone"


def test_a_plan_that_fails_leaves_the_older_one(repo: Repo, tfgen: Command) -> None:
    root = planned(repo, tfgen)
    tfgen("plan", "--out", "saved", "--terraform", faulty_terraform(root, "plan", "exit 1")).expect(1)
    tfgen("apply", "saved").expect(0)


def test_whose_plan_it_is(repo: Repo, tfgen: Command) -> None:
    planned(repo, tfgen)
    assert "applying the plan that ci-user made at " in tfgen("apply", "saved").err.replace(
        str(manifest(Path.cwd())["who"]), "ci-user"
    )


def destroyed(root: Path) -> None:
    (root / "packer/db.json").unlink()


def replaced(root: Path) -> None:
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"] + '[templates.db.names]\nproject_name = "other"\n'})


@pytest.mark.both
@pytest.mark.parametrize(("change", "counted"), [(destroyed, "1 destroyed"), (replaced, "1 replaced")])
def test_a_destroy_must_be_allowed_by_name(
    repo: Repo, tfgen: Command, change: Callable[[Path], None], counted: str
) -> None:
    root = applied(repo, tfgen)
    change(root)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    says = (
        f"error: the plan destroys or replaces resources without permission: db ({counted}); "
        "to allow it, add: --allow-destroy db"
    )
    gated = tfgen("plan", "--out", "saved", "--gate", "--detailed-exitcode").expect(3)
    assert says in gated.err
    assert counted.split()[1] in gated.out, "the plan itself is shown all the same"
    assert says in tfgen("apply", "saved").expect(3).err
    tfgen("apply", "saved", "--allow-destroy", "d", "--allow-destroy", "DB").expect(3)
    before = resources(root)
    tfgen("plan", "--out", "saved", "--gate", "--allow-destroy", "db").expect(0)
    assert resources(root) == before
    tfgen("apply", "saved", "--allow-destroy", "web", "--allow-destroy", "db").expect(0)
    assert ("module.db.pipeline" in resources(root)) is (change is replaced)


def test_what_is_not_an_image_is_gated_too(repo: Repo, tfgen: Command) -> None:
    mine = 'resource "terraform_data" "mine" {\n}\n'
    other = 'module "vpc" {\n  source = "../modules/vpc"\n}\n'
    root = repo({**ESTATE, "terraform/pipelines/more.tf": mine + other, "terraform/modules/vpc/main.tf": mine})
    tfgen("sync").expect(0)
    document = json.loads(tfgen("plan", "--out", "saved", "--format", "json").expect(0).out)
    assert [(image["name"], image["created"]) for image in document["images"]] == [
        ("db", 1),
        ("web", 1),
        ("(shared)", 2),
    ]
    tfgen("apply", "saved").expect(0)
    (root / "terraform/pipelines/more.tf").write_text(other)
    tfgen("plan", "--out", "saved").expect(0)
    refused = tfgen("apply", "saved").expect(3).err
    assert "(shared) (1 destroyed); to allow it, add: --allow-destroy '(shared)'" in refused
    tfgen("apply", "saved", "--allow-destroy", "(shared)").expect(0)


@pytest.mark.both
def test_what_terraform_forgets_and_moves_is_not_gated(repo: Repo, tfgen: Command) -> None:
    root = applied(repo, tfgen)
    tfgen("rename", "db", "data").expect(0)
    write_tree(
        root, {"tfgen.toml": (root / "tfgen.toml").read_text().replace("[", 'ignore = ["packer/web.json"]\n[', 1)}
    )
    tfgen("sync").expect(0)
    result = tfgen("plan", "--out", "saved", "--gate", "--format", "json").expect(3)
    assert [(image["name"], image["action"]) for image in json.loads(result.out)["images"]] == [
        ("data", "replaced"),
        ("web", "forgotten"),
    ]
    assert "data (1 replaced)" in result.err
    assert "web" not in result.err.splitlines()[-1]


def test_nothing_is_approved_for_a_person(repo: Repo, tfgen: Command) -> None:
    """Terraform itself would ask; we give it no terminal and no -auto-approve."""
    root = planned(repo, tfgen)
    told = root / "told"
    tfgen("apply", "saved", "--terraform", faulty_terraform(root, "apply", f'echo "$*" > {told}; exit 1')).expect(1)
    assert "auto-approve" not in told.read_text()


def test_a_plan_of_nothing_applies_nothing(repo: Repo, tfgen: Command) -> None:
    applied(repo, tfgen)
    tfgen("plan", "--out", "saved").expect(0)
    assert tfgen("apply", "saved").expect(0).out == "Apply complete! Resources: 0 added, 0 changed, 0 destroyed.\n"


def test_a_file_that_changes_while_terraform_plans(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC)
    edit = f"echo '{{}}' > {root}/terraform/pipelines/late.tf.json"
    result = tfgen(
        "plan", "--out", "saved", "--terraform", faulty_terraform(root, "plan", f'{edit}; set -- plan "$@"; shift')
    )
    assert "terraform/pipelines/late.tf.json: changed while the plan was made" in result.expect(1).err
    assert not (root / "saved.json").exists()
    assert not (root / "saved").exists()


def test_plan_review_apply_on_the_emulator(estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real provider: the same file is applied; altered, made from another template, overtaken: refused."""
    root = estate.folder.parents[1]
    write_tree(root, {"tfgen.toml": TOY["tfgen.toml"], "packer/web.json": JSON})
    estate.generated.unlink()
    monkeypatch.chdir(root)
    estate.init()  # notes the provider, which one that is attached has no need of
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved", "--gate").expect(0)
    assert manifest(root)["providers"] == {"registry.terraform.io/hashicorp/aws": "3.39.0"}
    whole = (root / "saved").read_bytes()
    (root / "saved").write_bytes(whole[:-1] + b"x")
    assert "was changed after it was made" in tfgen("apply", "saved").expect(3).err
    (root / "saved").write_bytes(whole)
    write_tree(root, {"packer/web.json": JSON + "\n"})
    assert "packer/web.json has changed" in tfgen("apply", "saved").expect(3).err
    write_tree(root, {"packer/web.json": JSON})
    assert estate.emulator.client("codepipeline").list_pipelines()["pipelines"] == []
    tfgen("apply", "saved").expect(0)
    pipelines = estate.emulator.client("codepipeline").list_pipelines()["pipelines"]
    assert [pipeline["name"] for pipeline in pipelines] == ["web-ami-pipeline"]
    assert "the state has changed since this plan was made" in tfgen("apply", "saved").expect(3).err
    write_tree(root, {"tfgen.toml": RENAMED})
    tfgen("sync").expect(0)
    refused = tfgen("plan", "--out", "saved", "--gate", "--format", "json").expect(3)
    (image,) = json.loads(refused.out)["images"]
    forced = {change["address"]: change["forced_by"] for change in image["resources"] if change["action"] == "replace"}
    assert forced["module.web.aws_codebuild_project.this"] == ["name"]
    tfgen("apply", "saved", "--allow-destroy", "web").expect(0)
