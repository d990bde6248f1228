"""Both examples of codepipeline_v1, and its `terraform test` files, for real on the emulator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.terraform.module_on_aws import APPLY, DESTROY, PLAN, left_over
from tfgen.emulator.override import override_text, write_override

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate
    from tfgen.emulator.server import Emulator

MODULE = Path(__file__).resolve().parents[2] / "terraform/modules/codepipeline_v1"
TESTS = sorted(file.name for file in (MODULE / "tests").glob("*.tftest.hcl"))
NAME = "wordpress-ami-pipeline"
CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"


@pytest.fixture
def module(estate: Estate) -> Path:
    return estate.folder.parent / "modules" / "codepipeline"


def network(emulator: Emulator) -> dict[str, Any]:
    """A VPC with two subnets: what an account has before there are pipelines."""
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"] for number in (0, 1)]
    return {"vpc_id": vpc, "subnet_ids": subnets, "connection_arn": CONNECTION}


@pytest.mark.parametrize("example", ["basic", "complete"])
def test_an_example_is_applied_stands_and_leaves_nothing(estate: Estate, module: Path, example: str) -> None:
    folder = module / "examples" / example
    given = network(estate.emulator)
    if example == "complete":
        (folder / "terraform.tfvars.json").write_text(json.dumps(given), encoding="utf-8")
    write_override(folder, estate.emulator)
    estate.init(folder)
    estate.terraform(*PLAN, cwd=folder, expect=2)
    estate.terraform(*APPLY, cwd=folder)
    estate.terraform(*PLAN, cwd=folder, expect=0)
    pipeline = estate.emulator.client("codepipeline").get_pipeline(name=NAME)["pipeline"]
    stages = {stage["name"]: stage["actions"][0] for stage in pipeline["stages"]}
    if example == "basic":
        assert list(stages) == ["Source", "Build"]
    else:
        assert list(stages) == ["Source", "Approval", "Build"]
        assert_every_choice(estate.emulator, stages, given)
    estate.terraform(*DESTROY, cwd=folder)
    assert left_over(estate.emulator) == {}


def assert_every_choice(emulator: Emulator, stages: dict[str, Any], given: dict[str, Any]) -> None:
    assert stages["Source"]["configuration"] == {
        "BranchName": "release",
        "ConnectionArn": CONNECTION,
        "DetectChanges": "true",
        "FullRepositoryId": "example/ami-builder",
        "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
    }
    (topic,) = (each["TopicArn"] for each in emulator.client("sns").list_topics()["Topics"])
    assert stages["Approval"]["configuration"]["NotificationArn"] == topic
    assert stages["Approval"]["actionTypeId"]["provider"] == "Manual"
    events = emulator.client("events")
    rules = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}
    assert sorted(rules) == [f"{NAME}-schedule", f"{NAME}-state"]
    assert rules[f"{NAME}-schedule"]["ScheduleExpression"] == "cron(0 4 ? * MON *)"
    told = json.loads(rules[f"{NAME}-state"]["EventPattern"])
    assert told["detail"] == {"pipeline": [NAME], "state": ["FAILED", "STOPPED", "SUCCEEDED"]}
    (target,) = events.list_targets_by_rule(Rule=f"{NAME}-state")["Targets"]
    assert target["Arn"] == topic
    assert "RoleArn" not in target
    attributes = emulator.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    (allowed,) = json.loads(attributes["Policy"])["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in allowed, "EventBridge sends a topic nothing that a Condition could ask for"
    assert json.loads(target["InputTransformer"]["InputTemplate"]).startswith("Pipeline <pipeline> in <region>")
    (project,) = emulator.client("codebuild").batch_get_projects(names=[NAME])["projects"]
    assert project["vpcConfig"]["vpcId"] == given["vpc_id"]
    assert sorted(project["vpcConfig"]["subnets"]) == sorted(given["subnet_ids"])
    (group,) = emulator.client("ec2").describe_security_groups(GroupIds=project["vpcConfig"]["securityGroupIds"])[
        "SecurityGroups"
    ]
    assert (group["GroupName"], group["IpPermissions"]) == (f"{NAME}-build", [])
    assert_all_tagged(emulator, project, group)


def assert_all_tagged(emulator: Emulator, project: dict[str, Any], group: dict[str, Any]) -> None:
    iam, logs = emulator.client("iam"), emulator.client("logs")
    region = f"arn:aws:%s:{emulator.region}:{emulator.account_id}:%s"
    pipeline = emulator.client("codepipeline").list_tags_for_resource(resourceArn=region % ("codepipeline", NAME))
    rule = emulator.client("events").list_tags_for_resource(
        ResourceARN=region % ("events", f"rule/{NAME}-schedule"),
    )
    bucket = f"wordpress-ami-builder-artefacts-{emulator.account_id}"
    tags: dict[str, list[dict[str, str]]] = {
        "pipeline": pipeline["tags"],
        "project": project["tags"],
        "rule": rule["Tags"],
        "group": group["Tags"],
        "bucket": emulator.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"],
    }
    for role in iam.list_roles()["Roles"]:
        tags[role["RoleName"]] = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
    for name, found in tags.items():
        assert [tuple(sorted(each.values())) for each in found] == [("images", "team")], name
    assert logs.list_tags_log_group(logGroupName=f"/aws/codebuild/{NAME}")["tags"] == {"team": "images"}


def terraform_test(estate: Estate, module: Path, file: str, *, expect: int) -> str:
    """Run one file of `terraform test` in the module, whose provider is the emulator's; gives what it said."""
    (module / "emulator.tf").write_text(override_text(estate.emulator), encoding="utf-8")
    estate.init(module)
    done = estate.terraform("test", "-no-color", f"-filter={Path('tests', file)}", cwd=module, expect=expect)
    return done.stdout + done.stderr


@pytest.mark.parametrize("file", TESTS)
def test_the_modules_own_tests_pass_and_leave_nothing(estate: Estate, module: Path, file: str) -> None:
    runs = (module / "tests" / file).read_text(encoding="utf-8").count("\nrun ")
    assert runs >= 2
    assert f"Success! {runs} passed, 0 failed." in terraform_test(estate, module, file, expect=0)
    assert left_over(estate.emulator) == {}


def test_the_modules_own_tests_see_a_pipeline_that_polls(estate: Estate, module: Path) -> None:
    main = module / "pipeline.tf"
    main.write_text(main.read_text("utf-8").replace('Changes = "false"', 'Changes = "true"'), encoding="utf-8")
    assert "Nothing polls." in terraform_test(estate, module, "defaults.tftest.hcl", expect=1)
    assert left_over(estate.emulator) == {}


#: events.tf as it was: one rule, always.
BEFORE = """
resource "aws_cloudwatch_event_rule" "source" {
  name        = "${local.short_name}-source"
  description = "Starts ${var.project_name} when ${var.branch} of ${var.source_repository} changes"
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.codecommit"]
    "detail-type" = ["CodeCommit Repository State Change"]
    resources     = [local.repository_arn]
    detail = {
      event         = ["referenceCreated", "referenceUpdated"]
      referenceType = ["branch"]
      referenceName = [var.branch]
    }
  })
}

resource "aws_cloudwatch_event_target" "pipeline" {
  rule      = aws_cloudwatch_event_rule.source.name
  target_id = "codepipeline"
  arn       = aws_codepipeline.this.arn
  role_arn  = aws_iam_role.events.arn

  depends_on = [aws_iam_role_policy.events]
}
"""


def test_an_estate_of_the_module_before_is_moved_and_not_made_anew(estate: Estate, module: Path) -> None:
    """The rules are one resource now and the role is counted: their addresses change, nothing that they are."""
    before = Path(shutil.copytree(module, module.with_name("before")))
    (before / "events.tf").write_text(BEFORE, encoding="utf-8")
    for name in ("iam.tf", "outputs.tf"):
        file = before / name
        file.write_text(with_one_role(file.read_text("utf-8")), encoding="utf-8")
    source = '"../modules/codepipeline"'
    block = estate.generated.read_text("utf-8")
    estate.generated.write_text(block.replace(source, '"../modules/before"'), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    estate.terraform(*APPLY)
    estate.generated.write_text(block, encoding="utf-8")
    estate.init()
    said = estate.terraform(*PLAN, expect=None).stdout
    assert said.count("has moved to") == 4
    assert "0 to add, 0 to change, 0 to destroy" in said


def with_one_role(text: str) -> str:
    """The roles as they were: that of EventBridge is always there."""
    for count in ("length(local.starting_rules) == 0 ? 0 : local.own_roles", "length(aws_iam_role.events)"):
        text = text.replace(f"  count = {count}\n\n", "")
    for now, then in (
        ("one(aws_iam_role.events[*].arn)", "aws_iam_role.events.arn"),
        ("aws_iam_role.events[0]", "aws_iam_role.events"),
        ("local.starting_rules", '["source"]'),
    ):
        text = text.replace(now, then)
    return text
