"""Import blocks: IDs from a plan, what is dropped, and pipelines that are another tool's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tfgen.adopt import imports
from tfgen.adopt.import_ids import wanted
from tfgen.adopt.updates import updates_in_words
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


GROUP = "module.web.aws_security_group.build[0]"


def _plan_with_a_group(state: str = "") -> dict[str, Any]:
    has = {"mode": "managed", "type": "aws_security_group", "values": {"id": state}}
    live = {"actions": ["no-op"], "importing": {"id": "p"}, "before": {"arn": ARN}}
    group = {"actions": ["create"], "after": {"name": "web-build", "vpc_id": "vpc-1"}}
    other = {"actions": ["create"], "after": {"name": "db-build", "vpc_id": "vpc-1"}}
    return {
        "prior_state": {"values": {"root_module": {"resources": [has]}}},
        "resource_changes": [
            {"address": "module.web.aws_codepipeline.this", "type": "aws_codepipeline", "change": live},
            {"address": GROUP, "type": "aws_security_group", "change": group},
            {"address": GROUP.replace("web", "db"), "type": "aws_security_group", "change": other},
        ],
    }


def test_security_groups_of_live_pipelines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Only AWS knows their IDs."""
    asked: list[Any] = []

    class Account:
        def __init__(self, region: str) -> None:
            assert region == "eu-west-1"

        def pages(self, *_: str, Filters: list[Any]) -> list[dict[str, Any]]:  # noqa: N803 boto3's
            asked.append(Filters)
            return [{"GroupId": "sg-1"}]

    monkeypatch.setattr("tfgen.aws.session.open_account", Account)
    assert dict(imports._groups(_plan_with_a_group(), {"web"})) == {GROUP: "sg-1"}
    assert [[one["Values"] for one in filters] for filters in asked] == [[["vpc-1"], ["web-build"]]]
    assert dict(imports._groups(_plan_with_a_group("sg-1"), {"web"})) == {}

    def denied(_region: str) -> None:
        raise TfgenError("denied")

    monkeypatch.setattr("tfgen.aws.session.open_account", denied)
    assert dict(imports._groups(_plan_with_a_group(), {"web"})) == {}
    assert "not known whether there is a security group web-build: denied" in capsys.readouterr().err


def test_what_would_change_is_named() -> None:
    def update(address: str, before: dict[str, Any], after: dict[str, Any], **unknown: Any) -> dict[str, Any]:
        change = {"actions": ["update"], "before": before, "after": after, "after_unknown": unknown}
        return {"address": address, "change": change}

    changes = [
        update("a", {"x": 1, "force_destroy": None}, {"x": 1, "force_destroy": False}),
        update("b", {"tags": {}, "tags_all": {}}, {"tags": {"a": "b"}, "tags_all": {"a": "b"}, "z": "s3cret"}),
        update("c", {"arn": "x"}, {}, arn=True, egress=[{"id": True}], other=[{}]),
        {"address": "d", "change": {"actions": ["create"], "after": {"x": 1}}},
    ]
    assert updates_in_words({"resource_changes": changes}) == [
        "a: force_destroy would change: harmless, only the state gets it; AWS has no such setting",
        "b: tags, z would change",
        "c: arn, egress would change",
    ]
    assert updates_in_words({"resource_changes": changes[:1] * 12})[-1] == "and 2 more"


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
