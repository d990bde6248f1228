"""`tfgen adopt` on real Terraform: an applied pipeline continues; what would destroy it is not written."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY_MODULE, Command, Repo, write_tree
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.test_module_examples import network
from tests.terraform.toy import APPLY, ESTATE, PLAN, SYNC, after
from tfgen.terraform.binary import find_terraform

MAIN = "terraform/test.tf"
LIVE = 'source_repository = "ami-builder"\n'


def estate(repo: Repo) -> Path:
    """The legacy estate with a module that Terraform has here, applied by hand."""
    case = ROOT / "tests/data/cases/legacy-estate"
    text = (case / MAIN).read_text()
    text = text[text.index("# The web") :].replace(
        "git::ssh://git@git.example.com/platform/tfmodule-codepipeline.git?ref=v1.0", "./pipeline"
    )
    templates = {path.name: path.read_bytes() for path in case.glob("packer-*.json")}
    root = repo(
        {
            **templates,
            "buildspec.yml": (case / "buildspec.yml").read_bytes(),
            MAIN: text,
            "terraform/pipeline/main.tf": TOY_MODULE,
        }
    )
    for arguments in (("init",), ("apply", "-auto-approve")):
        subprocess.run([*find_terraform().argv, *arguments], cwd=root / "terraform", capture_output=True, check=True)
    return root


def test_what_is_applied_continues(repo: Repo, tfgen: Command) -> None:
    root = estate(repo)
    before = (root / "terraform/terraform.tfstate").read_bytes()
    shown = json.loads(tfgen("adopt", "--format", "json").expect(0).out)
    assert shown["proof"].startswith("proven by a plan: 1 to move")
    rows = shown["images"]
    assert [(row["name"], row["action"], row["live"]) for row in rows] == [
        ("proxy", "create", "none"),
        ("web", "adopt", "state"),
    ]
    result = tfgen("adopt", "--write").expect(0)
    assert "proven by a plan: 1 to move, 0 to import, 1 to add, 0 to change, 0 to destroy" in result.err
    assert (root / "terraform/terraform.tfstate").read_bytes() == before
    plan = json.loads(tfgen("plan", "--format", "json").expect(0).out)
    assert [(image["name"], image["moved"], image["changed"], image["destroyed"]) for image in plan["images"]] == [
        ("proxy", 0, 0, 0),
        ("web", 1, 0, 0),
    ]


def test_what_would_be_destroyed_is_not_written(repo: Repo, tfgen: Command) -> None:
    """Another place of the state: what is applied would be made anew."""
    root = estate(repo)
    (root / MAIN).write_text((root / MAIN).read_text().replace("example-web-ami", "other-web-ami"))
    before = (root / MAIN).read_bytes()
    result = tfgen("adopt", "--write").expect(3)
    assert "module.web.terraform_data.pipeline would be replaced" in result.err
    assert "[templates.web.names]" in result.err
    assert (root / MAIN).read_bytes() == before
    assert not (root / "tfgen.toml").exists()
    assert "nothing" in tfgen("adopt", "--undo").expect(0).err


def test_what_cannot_be_planned_is_not_written(repo: Repo, tfgen: Command) -> None:
    """A move in a circle, which only the new block closes."""
    root = estate(repo)
    moved = "moved {\n  from = module.web\n  to   = module.example-web-codepipline\n}\n"
    (root / "terraform/moved.tf").write_text(moved)
    before = (root / MAIN).read_bytes()
    result = tfgen("adopt", "--write").expect(3)
    assert "the result is not proven, since no plan could be made" in result.err
    assert (root / MAIN).read_bytes() == before


def test_where_there_is_a_state_nothing_is_written_without_a_plan(repo: Repo, tfgen: Command) -> None:
    """What was there cannot be planned either: that is no reason to write."""
    root = estate(repo)
    (root / "terraform/broken.tf").write_text('output "gone" {\n  value = file("gone.txt")\n}\n')
    before = (root / MAIN).read_bytes()
    result = tfgen("adopt", "--write").expect(3)
    assert "the result is not proven, since no plan could be made" in result.err
    assert "--no-plan" in result.err
    assert (root / MAIN).read_bytes() == before
    tfgen("adopt", "--write", "--no-plan").expect(0)
    assert (root / MAIN).read_bytes() != before


def test_without_a_plan_it_is_said(repo: Repo, tfgen: Command) -> None:
    call = 'module "a" {\n  source = "./none"\n  e = { PACKER_SCRIPT = "packer/web.json" }\n}\n'
    module = 'terraform {\n  required_providers {\n    x = { source = "127.0.0.1/x/x" }\n  }\n}\nvariable "e" {}\n'
    repo({"packer/web.json": JSON, "terraform/pipelines/x.tf": call, "terraform/pipelines/none/main.tf": module})
    result = tfgen("adopt", "--write").expect(0)
    assert "warning: no plan could be made" in result.err
    assert "not proven by a plan" in result.err


def test_live_pipelines_without_state(estate: Estate, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is thrown away; each resource comes back into it by its ID, and then the blocks go."""
    root = estate.folder.parents[1]
    estate.generated.unlink()
    net = network(estate.emulator)
    vpc, subnet = net["vpc_id"], net["subnet_ids"][0]
    inputs = f'[inputs]\nvpc_config = {{ vpc_id = "{vpc}", subnet_ids = ["{subnet}"] }}\n'
    write_tree(root, {"packer/web.json": JSON, "tfgen.toml": LIVE + inputs, "buildspec.yml": "version: 0.2\n"})
    for name, value in {**estate.environment, **estate.attached}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", estate.emulator.endpoint)
    monkeypatch.chdir(root)
    tfgen("sync").expect(0)
    estate.init()
    estate.terraform("apply", "-auto-approve")
    state = estate.folder / "terraform.tfstate"
    number = len(list(addresses(state)))
    state.unlink()
    result = tfgen("adopt", "--write").expect(0)
    # An imported bucket has no force_destroy in its state, nor a security group what is like it.
    said = dict(re.findall(r"in place: module\.web\.(\w+)\.\S+: (.+)", result.err))
    assert said["aws_s3_bucket"].startswith("acl, force_destroy would change")  # the acl: of this old provider
    assert said["aws_security_group"].startswith("revoke_rules_on_delete, timeouts would change: harmless")
    assert f"0 to move, {number} to import, 0 to add, 2 to change, 0 to destroy" in result.err, result.err
    assert re.search(r"^web .* without state ", result.out, re.MULTILINE)
    blocks = (estate.folder / "adopt_imports.gen.tf").read_text()
    assert 'to = module.web.aws_cloudwatch_event_rule.this["source"]\n' in blocks
    assert "import blocks" in tfgen("sync").expect(0).err
    assert (estate.folder / "adopt_imports.gen.tf").read_text() == blocks
    estate.terraform("apply", "-auto-approve")
    assert sorted(addresses(state)) == sorted(re.findall(r"to = (.*)", blocks))
    assert f"removed {number} import blocks" in tfgen("sync").expect(0).err
    assert not (estate.folder / "adopt_imports.gen.tf").exists()


def addresses(state: Path) -> Iterator[str]:
    for one in json.loads(state.read_text())["resources"]:
        for instance in one["instances"] if one["mode"] == "managed" else ():
            key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            yield f"{one['module']}.{one['type']}.{one['name']}{key}"


def test_dead_pins_go(repo: Repo, tfgen: Command) -> None:
    root = after(repo, tfgen, ESTATE, SYNC, PLAN, APPLY)
    for arguments in (("rename", "web", "site", "--keep-names"), ("sync", "--prune-pins")):
        tfgen(*arguments).expect(0)
    assert 'moved_from = ["web"]' in (root / "tfgen.toml").read_text()
    tfgen("plan", "--out", "moves").expect(0)
    tfgen("apply", "moves").expect(0)
    assert "removed web from moved_from of [templates.site]" in tfgen("sync", "--prune-pins").expect(0).err
    assert "moved_from" not in (root / "tfgen.toml").read_text()
    assert "moved" not in (root / "terraform/pipelines/pipeline_site.gen.tf").read_text()
    assert "removed" not in tfgen("sync", "--prune-pins").expect(0).err
    tfgen("plan", "--detailed-exitcode").expect(0)
    tfgen("sync", "--prune-pins", "--check").expect(64)
