"""Import blocks: IDs from a plan, what is dropped, and pipelines that are another tool's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tfgen.adopt import imports
from tfgen.adopt.import_ids import wanted
from tfgen.terraform.reports.events import Diagnostic
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.generated.imports import block_text, left

ARN = "arn:aws:codepipeline:eu-west-1:123456789012:web-ami-pipeline"


def create(kind: str, **after: object) -> dict[str, Any]:
    return {"address": f"module.web.{kind}.x[0]", "type": kind, "change": {"actions": ["create"], "after": after}}


@pytest.mark.parametrize(
    ("kind", "after", "found"),
    [
        ("aws_codepipeline", {"name": "p"}, "p"),
        ("aws_cloudwatch_event_target", {"rule": "r", "target_id": "t"}, "r/t"),
        ("aws_iam_role_policy", {"role": "r", "name": "p"}, "r:p"),
        ("aws_iam_role_policy_attachment", {"role": "r", "policy_arn": "arn:x"}, "r/arn:x"),
        ("aws_iam_policy", {"name": "p", "path": "/a/"}, "arn:aws-cn:iam::123456789012:policy/a/p"),
        ("aws_s3_bucket_public_access_block", {"bucket": "b"}, "b"),
        ("aws_iam_role_policy", {"name": "p"}, None),
        ("aws_security_group", {"name": "p"}, None),
    ],
)
def test_ids(kind: str, after: dict[str, object], found: str | None) -> None:
    data = [
        {"mode": "data", "type": "aws_caller_identity", "values": {"account_id": "123456789012"}},
        {"mode": "data", "type": "aws_partition", "values": {"partition": "aws-cn"}},
    ]
    state = {"values": {"root_module": {"child_modules": [{"resources": data}]}}}
    plan = {"prior_state": state, "resource_changes": [create(kind, **after)]}
    assert [one[2] for one in wanted(plan)] == ([found] if found else [])


def test_what_the_state_has_is_not_imported_twice() -> None:
    has = {"mode": "managed", "type": "aws_s3_bucket", "values": {"id": "shared"}}
    plan = {
        "prior_state": {"values": {"root_module": {"resources": [has]}}},
        "resource_changes": [create("aws_s3_bucket", bucket="shared"), create("aws_s3_bucket", bucket="own")],
    }
    assert [one[2] for one in wanted(plan)] == ["own"]


def test_blocks_go_one_by_one() -> None:
    text = block_text({'module.a.x.y["k"]': "i/d", "module.a.x.z": 'q"'})
    assert left(text, ()) == (text, 0)
    assert left(text, ["module.a.x.z"]) == (block_text({'module.a.x.y["k"]': "i/d"}), 1)
    assert left(text.replace("\n", "\r\n"), ['module.a.x.y["k"]', "module.a.x.z"]) == ("", 2)


class _Account:
    def __init__(self, tags: list[dict[str, str]] | None) -> None:
        self.tags = tags

    def call(self, *_: str, resourceArn: str) -> dict[str, Any]:  # noqa: N803 boto3's
        assert resourceArn == ARN
        if self.tags is None:
            raise TfgenError("denied")
        return {"tags": self.tags}


def test_pipelines_of_cloudformation_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"actions": ["no-op"], "importing": {"id": "p"}, "before": {"arn": ARN}}
    plan = {
        "resource_changes": [
            {"address": "module.web.aws_codepipeline.this", "type": "aws_codepipeline", "change": change}
        ]
    }
    for tags in ([], [{"key": "Name", "value": "x"}], None):
        monkeypatch.setattr("tfgen.aws.session.open_account", lambda _region, tags=tags: _Account(tags))
        imports.refuse_owned(plan)
    assert "not known whether CloudFormation owns web-ami-pipeline: denied" in capsys.readouterr().err
    owned = [{"key": "aws:cloudformation:stack-name", "value": "ImagesStack"}]
    monkeypatch.setattr("tfgen.aws.session.open_account", lambda _region: _Account(owned))
    with pytest.raises(RefusedError, match="the CloudFormation stack ImagesStack"):
        imports.refuse_owned(plan)


def test_only_live_pipelines_are_imported() -> None:
    """Terraform says what is not there; what of a live pipeline is known only then is asked for in the next round."""
    there = {"module.a.aws_codepipeline.x", "module.a.aws_iam_role.x", "module.a.aws_s3_bucket_policy.x"}
    there |= {"module.b.aws_iam_role.x"}  # left behind: its pipeline is gone
    asked: list[set[str]] = []

    def changes(imported: Mapping[str, str]) -> dict[str, Any]:
        known = [("a", "aws_codepipeline", "name"), ("a", "aws_iam_role", "name"), ("a", "aws_s3_bucket", "bucket")]
        known += [("b", "aws_codepipeline", "name"), ("b", "aws_iam_role", "name"), ("c", "aws_iam_role", "name")]
        if imported:
            known.append(("a", "aws_s3_bucket_policy", "bucket"))
        found = [
            {"address": f"module.{name}.{kind}.x", "type": kind, "change": {"actions": ["create"], "after": {key: "i"}}}
            for name, kind, key in known
        ]
        return {"resource_changes": [one for one in found if one["address"] not in imported]}

    def replan(imported: Mapping[str, str]) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
        asked.append(set(imported))
        detail = 'While attempting to import an existing object to "{}", the provider\ndetected that no object exists'
        wrong = [
            Diagnostic("error", "Cannot import non-existent remote object", detail.format(x))
            for x in imported
            if x not in there
        ]
        return (None, wrong) if wrong else (changes(imported), [])

    imported, _ = imports.find_imports(changes({}), replan)
    assert set(imported) == {one for one in there if one.startswith("module.a.")}
    assert len(asked) == 3
