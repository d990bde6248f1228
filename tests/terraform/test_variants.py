"""Variants of one template in a real Terraform: planned by name, moved, and destroyed only where that is allowed."""

from __future__ import annotations

import json

from tests.conftest import HCL2, TOY, Command, Repo

_CONTINUED = """[templates.eks-a]
moved_from = ["eks"]
[templates.eks-a.names]
project_name = "eks-ami-pipeline"
artefact_bucket_name = "eks-ami-builder-artefacts-{account_id}"
"""
_TABLE = '[templates.eks]\nvar_files = "vars/*.json"\n'


def test_variants_are_planned_moved_and_destroyed_as_templates_are(repo: Repo, tfgen: Command) -> None:
    toml = f"{TOY['tfgen.toml']}{_TABLE}"
    values = {f"vars/{name}.json": f'{{"name": "{name}"}}' for name in ("a", "b", "c")}
    root = repo({**TOY, "packer/eks.pkr.hcl": HCL2, **values, "tfgen.toml": toml.partition("[templates.eks]")[0]})
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    # The pipeline that was there goes on as one of them.
    (root / "tfgen.toml").write_text(toml + _CONTINUED)
    tfgen("sync").expect(0)
    plan = json.loads(tfgen("plan", "--format", "json", "--out", "saved").expect(0).out)
    assert [image["name"] for image in plan["images"]] == ["eks-a", "eks-b", "eks-c"]
    assert not plan["refused"]
    tfgen("apply", "saved").expect(0)
    state = json.loads((root / "terraform/pipelines/terraform.tfstate").read_text())
    inputs = {one["module"]: one["instances"][0]["attributes"]["input"]["value"] for one in state["resources"]}
    assert {name: given["PACKER_VAR_FILE"] for name, given in inputs.items()} == {
        f"module.eks-{name}": f"vars/{name}.json" for name in ("a", "b", "c")
    }
    # One that is gone is destroyed only where somebody allows it.
    (root / "vars/c.json").unlink()
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    assert "eks-c (1 destroyed)" in tfgen("apply", "saved").expect(3).err
    tfgen("apply", "saved", "--allow-destroy", "eks-c").expect(0)
