"""The resources of a module that tfgen computes itself are those that Terraform plans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.terraform.computed import instance
from tests.terraform.module_uses import GOOD, USES
from tfgen_generators.module.resources.model import is_decided

if TYPE_CHECKING:
    from tests.terraform.module_uses import Policies


@pytest.mark.parametrize("use", USES)
def test_every_policy_is_the_planned_one(policies: Policies, use: str) -> None:
    made = instance("codepipeline", {**GOOD, "project_name": f'"{use}"', **USES[use]}).resources()
    assert made.open_kinds == frozenset()
    found = {one.text("name"): one.get("policy") for one in made.of("aws_iam_role_policy")}
    found |= {one.text("name"): one.get("assume_role_policy") for one in made.of("aws_iam_role")}
    found["bucket"] = made.of("aws_s3_bucket_policy")[0].get("policy")
    for policy in made.of("aws_iam_policy"):
        about = policy.text("name").rpartition("-")[2]
        found[about if about in ("features", "secrets") else "more"] = policy.get("policy")
    assert {"build", "pipeline", "start", "bucket"} <= found.keys() or "connection_arn" in USES[use]
    for name, text in found.items():
        assert is_decided(text), name
        assert json.loads(str(text)) == json.loads(policies[use][name]), name


def test_the_variables_of_the_build_are_the_planned_ones(policies: Policies) -> None:
    for use, inputs in USES.items():
        (project,) = (
            instance("codepipeline", {**GOOD, "project_name": f'"{use}"', **inputs})
            .resources()
            .of("aws_codebuild_project")
        )
        (environment,) = project.of("environment")
        variables = {str(each.attributes["name"]): each.attributes["value"] for each in environment.blocks}
        assert variables == json.loads(policies[use]["environment"]), use
