"""Estates of the modules as they were in 0.1.0 (tests/data): nothing of theirs is destroyed or made anew."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.terraform.module_on_aws import APPLY, MODULES, PLAN
from tests.terraform.module_uses import GOOD, USES
from tests.terraform.test_module_schema import blocks_of, parsed

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate

BEFORE = Path(__file__).resolve().parents[1] / "data" / "module-0.1.0"
#: What codepipeline_v2 had of its own; the rest were links to codepipeline.
OWN = ("file_paths.tf", "pipeline.tf", "versions.tf")
#: Another value of one of these makes a resource anew, by the provider's documentation; and so does another number.
FORCES = (
    *("arn", "bucket", "count", "description", "event_bus_name", "for_each", "name", "name_prefix", "path"),
    *("policy_arn", "role", "rule", "target_id", "vpc_id"),
)
#: Descriptions that are changed in place.
_CHANGED = {"aws_cloudwatch_event_rule", "aws_codebuild_project"}
Declared = dict[str, dict[str, Any]]


def test_an_estate_of_0_1_0_is_changed_in_place(estate: Estate) -> None:
    module = estate.folder.parent / "modules" / "codepipeline"
    now = module.rename(module.with_name("now"))
    shutil.copytree(BEFORE / "codepipeline", module)
    calls = []
    for name in ("defaults", "connected"):
        inputs = {**GOOD, "artefact_bucket_name": f'"{name}-artefacts"', **USES[name]}
        inputs.pop("vpc_config", None)  # of subnets that are not there
        lines = "\n".join(f"  {key} = {value}" for key, value in inputs.items())
        calls.append(
            f'module "{name}" {{\n  source = "../modules/codepipeline"\n  project_name = "{name}"\n{lines}\n}}\n'
        )
    estate.generated.write_text("\n".join(calls), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    estate.terraform(*APPLY)
    shutil.rmtree(module)
    now.rename(module)
    estate.init()
    estate.terraform(*PLAN, expect=None)
    planned = json.loads(estate.terraform("show", "-json", "saved.plan").stdout)["resource_changes"]
    done = {each["address"]: each["change"]["actions"] for each in planned if each["change"]["actions"] != ["no-op"]}
    # What is an input now: the rights for deprecation and the like. With a key: how the name of a service may end.
    assert done == {
        **{f"module.{name}.aws_iam_role_policy.codebuild": ["update"] for name in ("connected", "defaults")},
        "module.connected.aws_iam_role_policy.codepipeline": ["update"],
    }


def declared(folder: Path) -> Declared:
    found = {}
    for file in folder.glob("*.tf"):
        for kind, name, body in blocks_of(parsed(file.read_text("utf-8")), "resource"):
            found[f"{kind}.{name}"] = body
    return found


def forced(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in FORCES if key in body and not (key == "description" and kind in _CHANGED)}


@pytest.mark.parametrize("now", ["codepipeline", "codepipeline_v1"])
@pytest.mark.parametrize("before", ["codepipeline", "codepipeline_v2"])
def test_every_address_is_there_and_nothing_forces_a_replacement(before: str, now: str) -> None:
    old, new = {**declared(BEFORE / "codepipeline"), **declared(BEFORE / before)}, declared(MODULES / now)
    assert len(old) >= 17
    assert old.keys() - new.keys() == set()
    for address, body in old.items():
        kind = address.partition(".")[0]
        assert forced(kind, new[address]) == forced(kind, body), address
    # New ones are made besides, and of these only the encryption without being asked for.
    added = new.keys() - old.keys()
    assert {address for address in added if "count" not in new[address]} == (
        {"aws_s3_bucket_server_side_encryption_configuration.artefacts"} if now == "codepipeline" else set()
    )


def test_moves_of_before_are_still_there() -> None:
    old, new = (moves(folder) for folder in (BEFORE / "codepipeline", MODULES / "codepipeline"))
    assert old
    assert old <= new


def moves(folder: Path) -> set[str]:
    return {found for file in folder.glob("*.tf") for found in re.findall(r"(?m)^moved \{\n(.*\n.*)", file.read_text())}


def test_a_kept_folder_codepipeline_v2_of_links_is_still_a_module() -> None:
    """Somebody may keep it beside the new codepipeline: its links then lead to the new files."""
    linked = [MODULES / "codepipeline" / file.name for file in (BEFORE / "codepipeline").glob("*.tf")]
    files = [each for each in linked if each.name not in OWN] + list((BEFORE / "codepipeline_v2").glob("*.tf"))
    text = "\n".join(file.read_text("utf-8") for file in files)
    variables = re.findall(r'(?m)^variable "(\w+)"', text)
    assert len(variables) == len(set(variables))
    assert set(re.findall(r"\bvar\.(\w+)", text)) <= set(variables)
    there = {f"{kind}.{name}" for kind, name in re.findall(r'(?m)^resource "(\w+)" "(\w+)"', text)}
    assert set(re.findall(r"(?<!data\.)\baws_\w+\.\w+", re.sub(r"(?s)moved \{.*?\n\}", "", text))) <= there
