"""What only the module for new providers has: its inputs, on a real Terraform without a provider."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import GO
from tests.terraform.module_on_aws import MODULES
from tests.terraform.module_uses import CONNECTION, GOOD
from tests.terraform.test_module_schema import blocks_of, parsed
from tfgen.terraform.binary import find_terraform

MODULE = MODULES / "codepipeline"
CONNECTED = {
    "source_type": '"codeconnections"',
    "source_repository": '"owner/repo"',
    "connection_arn": f'"{CONNECTION}"',
}
#: Its preconditions without the pipeline.
PIPELINE = """
locals {
  connected = var.source_type == "codeconnections"
}

resource "terraform_data" "pipeline" {
  lifecycle {
%s
  }
}
"""
WRONG = {
    "mode": ({"execution_mode": '"FIFO"'}, "The execution_mode must be"),
    "type": ({"pipeline_type": '"V3"'}, "The pipeline_type must be"),
    "no_type": ({"pipeline_type": "null"}, ""),
    "nine_globs": ({**CONNECTED, "file_paths": json.dumps(["x"] * 9)}, "at most 8 globs"),
    "empty_glob": ({**CONNECTED, "file_paths": '[""]'}, "at most 8 globs"),
    "long_glob": ({**CONNECTED, "file_paths": json.dumps(["x" * 256])}, "at most 8 globs"),
}
REFUSED = {
    "filter_of_codecommit": ({"file_paths": '["x"]'}, "filter pushes to a connection"),
    "filter_of_v1": ({**CONNECTED, "file_paths": '["x"]', "pipeline_type": '"V1"'}, "need the pipeline_type V2"),
    "mode_of_v1": ({"pipeline_type": '"V1"', "execution_mode": '"QUEUED"'}, "need the pipeline_type V2"),
}
RIGHT = {
    "defaults": {},
    "v1": {"pipeline_type": '"V1"'},
    "filter": {**CONNECTED, "file_paths": json.dumps(["x" * 255, *(f"{number}" for number in range(7))])},
    "parallel": {"execution_mode": '"PARALLEL"'},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root module beside the module's inputs and preconditions."""
    module = tmp_path / "module"
    module.mkdir()
    for name in ("variables.tf", "variables_v2.tf"):
        shutil.copy(MODULE / name, module)
    found = re.findall(r"(?ms)^    precondition \{.*?^    \}", (MODULE / "pipeline.tf").read_text("utf-8"))
    assert len(found) == 4
    (module / "main.tf").write_text(PIPELINE % "\n".join(found), encoding="utf-8")
    return tmp_path


def said(root: Path, calls: dict[str, dict[str, str]]) -> dict[str, str]:
    """Errors by the call that each is of."""
    blocks = []
    for name, inputs in calls.items():
        lines = "\n".join(f"  {key} = {value}" for key, value in {"project_name": '"p1"', **GOOD, **inputs}.items())
        shutil.copytree(root / "module", root / name)  # a folder each: an error names it
        blocks.append(f'module "{name}" {{\n  source = "./{name}"\n{lines}\n}}\n')
    (root / "main.tf").write_text("\n".join(blocks), encoding="utf-8")
    program = find_terraform().argv
    for arguments in (["init", "-input=false"], ["plan", "-input=false", "-json"]):
        done = subprocess.run(
            [*program, *arguments], cwd=root, env={**GO, "HOME": str(root), "PATH": ""}, capture_output=True, text=True
        )
    found = {}
    for event in map(json.loads, done.stdout.splitlines()):
        if diagnostic := event.get("diagnostic"):
            call = diagnostic["snippet"]["context"].split('"')[1]
            found[call if call in calls else diagnostic["range"]["filename"].partition("/")[0]] = diagnostic["detail"]
    return found


def test_each_wrong_value_is_refused_by_name(root: Path) -> None:
    found = said(root, {name: inputs for name, (inputs, _) in WRONG.items()})
    assert {name: text in found.get(name, "-") for name, (_, text) in WRONG.items()} == dict.fromkeys(WRONG, True)


def test_what_two_of_them_may_not_say_together(root: Path) -> None:
    found = said(root, {name: inputs for name, (inputs, _) in REFUSED.items()} | RIGHT)
    assert found.keys() == REFUSED.keys()
    assert {name for name, (_, text) in REFUSED.items() if text in found[name]} == REFUSED.keys()


def test_a_v2_pipeline_by_default_with_a_trigger_for_a_connection_alone() -> None:
    (body,) = [
        body
        for _, name, body in blocks_of(parsed((MODULE / "pipeline.tf").read_text("utf-8")), "resource")
        if name == "this"
    ]
    assert (body["pipeline_type"], body["execution_mode"]) == ("${var.pipeline_type}", "${var.execution_mode}")
    declared = (MODULE / "variables_v2.tf").read_text("utf-8")
    assert re.findall(r'default     = "(\w+)"', declared) == ["V2", "SUPERSEDED"]
    (trigger,) = [each for each in body["dynamic"] if '"trigger"' in each or "trigger" in each]
    wanted = 'local.connected && var.start_on_push && var.pipeline_type == "V2"'
    assert wanted in next(iter(trigger.values()))["for_each"]
