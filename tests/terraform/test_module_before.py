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
#: What is written otherwise and means the same for a pipeline that shares nothing, as all did.
_SAME = {
    "local.own_bucket": "1",
    "local.own_roles": "1",
    "1 == 1 ? var.build_policy_arns : {}": "var.build_policy_arns",
    "1 * ceil(length(local.network_and_sharing.statements) / 6)": (
        "var.vpc_config == null && length(var.share_with_accounts) == 0 ? 0 : 1"
    ),
    '${count.index == 0 ? "" : "-${count.index + 1}"}': "",
    "network_and_sharing[count.index]": "network_and_sharing[0]",
}
_COUNTED = re.compile(r"\.(artefacts|codebuild|codepipeline)\[0\]")
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
        **{f"module.{name}.aws_iam_role_policy.codebuild[0]": ["update"] for name in ("connected", "defaults")},
        "module.connected.aws_iam_role_policy.codepipeline[0]": ["update"],
    }


def declared(folder: Path) -> Declared:
    found = {}
    for file in folder.glob("*.tf"):
        for kind, name, body in blocks_of(parsed(file.read_text("utf-8")), "resource"):
            found[f"{kind}.{name}"] = body
    return found


def forced(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Terraform moves a resource without a count to its number 0: what may be shared has one, and is there once."""
    found = {key: body[key] for key in FORCES if key in body and not (key == "description" and kind in _CHANGED)}
    for key, value in found.items():
        if isinstance(value, str):
            for now, before in _SAME.items():
                found[key] = found[key].replace(now, before)
            found[key] = _COUNTED.sub(r".\1", found[key])
    return {key: value for key, value in found.items() if (key, value) != ("count", "${1}")}


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
    assert {address for address in added if "count" not in forced(address.partition(".")[0], new[address])} == (
        {"aws_s3_bucket_server_side_encryption_configuration.artefacts"} if now == "codepipeline" else set()
    )


def test_moves_of_before_are_still_there() -> None:
    old, new = (moves(folder) for folder in (BEFORE / "codepipeline", MODULES / "codepipeline"))
    assert old
    assert old <= new


def moves(folder: Path) -> set[str]:
    return {found for file in folder.glob("*.tf") for found in re.findall(r"(?m)^moved \{\n(.*\n.*)", file.read_text())}


def test_a_kept_folder_codepipeline_v2_of_links_is_no_module_any_more_and_the_changelog_says_so() -> None:
    """Its links lead to the new files beside it, and its own pipeline.tf does not know that a role may be shared."""
    linked = [MODULES / "codepipeline" / file.name for file in (BEFORE / "codepipeline").glob("*.tf")]
    files = [each for each in linked if each.name not in OWN] + list((BEFORE / "codepipeline_v2").glob("*.tf"))
    text = "\n".join(file.read_text("utf-8") for file in files)
    assert re.search(r"aws_iam_role\.codepipeline\.arn", text)
    assert declared(MODULES / "codepipeline")["aws_iam_role.codepipeline"]["count"] == "${local.own_roles}"
    changes = (MODULES.parents[1] / "CHANGELOG.md").read_text("utf-8").partition("## [0.2.0]")[0]
    assert "codepipeline_v2" in changes
