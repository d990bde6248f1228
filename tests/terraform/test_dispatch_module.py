"""The module `dispatcher`: applied, tested and destroyed on the emulator; held against 6.62."""

from __future__ import annotations

import json
from pathlib import Path

import parliament  # type: ignore[import-untyped]
import pytest

from tests.conftest import JSON, Command, write_tree
from tests.terraform import test_module_schema as schema
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.dispatch_estate import TOML as AFFECTED
from tests.terraform.module_on_aws import APPLY, DESTROY, PLAN, left_over
from tfgen.emulator.override import override_text, write_override

NAME = "ami-builder-dispatcher"
PUSH = 'source_repository = "ami-builder"\n'
MODULES = ROOT / "terraform" / "modules"
_KEYED = {"required": False, "block": {"name": {"required": True}, "type": {"required": True}}}
#: Not in the file of 6.62: as the provider's documentation has it.
TABLE = {
    **{name: {"required": False} for name in ("billing_mode", "region", "tags", "range_key", "table_class")},
    **{name: {"required": True} for name in ("name", "hash_key")},
    "attribute": _KEYED,
}


@pytest.fixture
def folder(estate: Estate) -> Path:
    return estate.folder.parent / "modules" / "dispatcher"


def test_it_is_applied_stands_and_leaves_nothing(estate: Estate, folder: Path) -> None:
    example = folder / "examples" / "basic"
    write_override(example, estate.emulator)
    estate.init(example)
    estate.terraform(*PLAN, cwd=example, expect=2)
    estate.terraform(*APPLY, cwd=example)
    estate.terraform(*PLAN, cwd=example, expect=0)
    (project,) = estate.emulator.client("codebuild").batch_get_projects(names=[NAME])["projects"]
    source = project["source"]
    assert (source["type"], source.get("gitCloneDepth", 0)) == ("CODECOMMIT", 0)
    assert source["location"] == "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/ami-builder"
    assert source["buildspec"] == (MODULES / "dispatcher/buildspec.yml").read_text()
    given = {each["name"]: each["value"] for each in project["environment"]["environmentVariables"]}
    assert given["TFGEN_DISPATCH_TABLE"] == NAME
    check_events(estate)
    assert policies_of(estate) == {"dispatch": [], "pipelines": [], "start": []}
    estate.terraform(*DESTROY, cwd=example)
    assert left_over(estate.emulator) == {}
    assert estate.emulator.client("dynamodb").list_tables()["TableNames"] == []


def check_events(estate: Estate) -> None:
    """Pushes, ends of pipelines and the clock start the project, with the role that each rule may take."""
    events = estate.emulator.client("events")
    found = {rule["Name"].removeprefix(f"{NAME}-"): rule for rule in events.list_rules()["Rules"]}
    assert found.keys() == {"push", "ended", "sweep"}
    assert json.loads(found["push"]["EventPattern"])["detail"]["event"] == ["referenceCreated", "referenceUpdated"]
    ended = json.loads(found["ended"]["EventPattern"])
    assert ended["detail-type"] == ["CodePipeline Pipeline Execution State Change"]
    assert ended["detail"]["pipeline"] == ["base-ami-pipeline", "wordpress-ami-pipeline"]
    assert found["sweep"]["ScheduleExpression"] == "rate(1 hour)"
    ages = {"push": 86400, "ended": 3600, "sweep": 300}
    role = estate.emulator.client("iam").get_role(RoleName=f"{NAME}-events")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    for name, rule in found.items():
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == ages[name]
        assert target["RoleArn"] == role["Arn"]
        assert rule["Arn"] in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def policies_of(estate: Estate) -> dict[str, list[str]]:
    """What a policy linter finds in each policy, by what the policy is for."""
    iam = estate.emulator.client("iam")
    texts = {}
    for role, name in ((f"{NAME}-codebuild", "dispatch"), (f"{NAME}-events", "start")):
        texts[name] = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    (policy,) = iam.list_policies(Scope="Local")["Policies"]
    version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    texts["pipelines"] = version["Document"]
    (statement,) = texts["pipelines"]["Statement"]
    names = [arn.rpartition(":")[2] for arn in statement["Resource"]]
    assert names == ["base-ami-pipeline", "wordpress-ami-pipeline"]
    return {
        name: [str(each) for each in parliament.analyze_policy_string(json.dumps(text)).findings]
        for name, text in texts.items()
    }


def test_its_choices(estate: Estate, folder: Path) -> None:
    (folder / "emulator.tf").write_text(override_text(estate.emulator), encoding="utf-8")
    estate.init(folder)
    said = estate.terraform("test", "-no-color", cwd=folder).stdout
    assert "9 passed, 0 failed" in said


def test_an_estate_goes_to_affected_and_back(estate: Estate, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What sync writes is what Terraform takes: first one rule for all, then one for the pipeline."""
    estate.generated.unlink()
    root = write_tree(estate.folder.parents[1], {"tfgen.toml": AFFECTED, "packer/web.json": JSON})
    monkeypatch.chdir(root)
    cli("sync").expect(0)
    applied(estate)
    assert rules(estate) == [f"{NAME}-{each}" for each in ("ended", "push", "sweep")]
    assert estate.emulator.client("dynamodb").list_tables()["TableNames"] == [NAME]
    (root / "tfgen.toml").write_text(PUSH)
    cli("sync").expect(0)
    applied(estate)
    assert rules(estate) == ["web-ami-pipeline-source"]
    assert estate.emulator.client("dynamodb").list_tables()["TableNames"] == []


def applied(estate: Estate) -> None:
    estate.init()
    estate.terraform("apply", "-auto-approve", "-input=false", "-no-color")


def rules(estate: Estate) -> list[str]:
    return sorted(rule["Name"] for rule in estate.emulator.client("events").list_rules()["Rules"])


@pytest.mark.parametrize("name", ["dispatcher", "dispatcher/examples/basic"])
def test_the_newest_provider_knows_everything(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schema.SCHEMA["resource"], "aws_dynamodb_table", TABLE)
    files = sorted((MODULES / name).glob("*.tf"))
    assert files
    assert [f"{file.name}: {fault}" for file in files for fault in schema.faults_of(file.read_text())] == []
