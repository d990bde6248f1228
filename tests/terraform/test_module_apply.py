"""The module's whole life for real: planned, applied, changed in place, destroyed, on the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.terraform.iam_rights import as_list, statements
from tests.terraform.module_on_aws import APPLY, DESTROY, PLAN, Resources, left_over, planned_resources, policy

if TYPE_CHECKING:
    from tests.terraform.conftest import Estate
    from tfgen.emulator.server import Emulator

NAME = "wordpress-ami-pipeline"
BUCKET = "wordpress-ami-builder-artefacts-123456789012"
VARIABLES = {
    "PACKER_SCRIPT": "packer/wordpress.json",
    "SUBNET_ID": "subnet-0a1b2c3d4e5f60718",
    "VPC_ID": "vpc-04f99e5833c3a909b",
}


def test_a_pipeline_is_made_changed_and_removed(estate: Estate) -> None:
    estate.init()
    estate.terraform("validate", "-no-color")
    made = estate.terraform(*PLAN, expect=2)
    assert "14 to add, 0 to change, 0 to destroy" in made.stdout
    estate.terraform(*APPLY)
    estate.terraform(*PLAN, expect=0)
    assert_all_there(estate.emulator)

    estate.generated.write_text(
        estate.generated.read_text(encoding="utf-8").replace("packer/wordpress.json", "packer/blog.json"),
        encoding="utf-8",
    )
    changed = estate.terraform(*PLAN, expect=2)
    assert "0 to add, 1 to change, 0 to destroy" in changed.stdout
    estate.terraform(*APPLY)
    estate.terraform(*PLAN, expect=0)
    assert build_variables(estate.emulator) == {**VARIABLES, "PACKER_SCRIPT": "packer/blog.json"}

    estate.terraform(*DESTROY)
    assert left_over(estate.emulator) == {}


def test_every_choice_of_the_module_is_applied_and_then_stands(estate: Estate) -> None:
    key = estate.emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    allow = {"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam = estate.emulator.client("iam")
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
    estate.generated.write_text(
        f'''
module "long" {{
  source = "../modules/codepipeline"

  project_name         = "{"n" * 100}"
  project_description  = "Everything that may be chosen"
  artefact_bucket_name = "{"b" * 63}"
  source_repository    = "ami-builder"
  branch               = "release/2"
  buildspec            = "ci/build.yaml"
  build_timeout        = 90
  compute_type         = "BUILD_GENERAL1_MEDIUM"
  image                = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
  image_regions        = ["eu-central-1"]
  log_retention_days   = 7
  force_destroy        = true
  kms_key_arn          = "{key}"
  permissions_boundary = "{boundary}"
  build_policy_arns    = {{ extra = "{boundary}" }}
  tags                 = {{ image = "long" }}
  environment_vars     = {{ PACKER_SCRIPT = "packer/long.json" }}
}}
''',
        encoding="utf-8",
    )
    estate.init()
    tagged = '-var=tags={ team = "images" }'
    estate.terraform(*PLAN, tagged, expect=2)
    estate.terraform(*APPLY)
    estate.terraform(*PLAN, tagged, expect=0)
    resources = planned_resources(estate)
    roles = [values["name"] for kind, values in resources if kind == "aws_iam_role"]
    rules = [values["name"] for kind, values in resources if kind == "aws_cloudwatch_event_rule"]
    assert len(set(roles)) == 3
    assert max(map(len, roles + rules)) <= 64
    assert all(values["permissions_boundary"] == boundary for kind, values in resources if kind == "aws_iam_role")
    project = the_project(estate.emulator)
    assert project["encryptionKey"] == key
    assert {tag["key"]: tag["value"] for tag in project["tags"]} == {"image": "long", "team": "images"}
    assert_rights_are_narrow(resources)
    for statement in statements(policy(resources, "build")):
        if any(action.startswith("ec2:") for action in as_list(statement["Action"])):
            conditions = statement["Condition"].values()
            wanted = [keys["aws:RequestedRegion"] for keys in conditions if "aws:RequestedRegion" in keys]
            copies = statement["Sid"] == "PackerCopies"
            assert wanted == [["eu-central-1"] if copies else ["eu-central-1", "eu-west-1"]], statement["Sid"]
    # moto heeds a policy's Deny but not its Condition: with the policy nobody could put anything there.
    s3 = estate.emulator.client("s3")
    s3.delete_bucket_policy(Bucket="b" * 63)
    s3.put_object(Bucket="b" * 63, Key="artefact", Body=b"x")
    estate.terraform(*DESTROY, tagged)
    iam.delete_policy(PolicyArn=boundary)
    estate.emulator.client("kms").schedule_key_deletion(KeyId=key.rpartition("/")[2])
    assert left_over(estate.emulator) == {}


def assert_all_there(emulator: Emulator) -> None:
    pipeline = emulator.client("codepipeline").get_pipeline(name=NAME)["pipeline"]
    assert [stage["name"] for stage in pipeline["stages"]] == ["Source", "Build"]
    source, build = (stage["actions"][0] for stage in pipeline["stages"])
    assert source["configuration"] == {
        "RepositoryName": "ami-builder",
        "BranchName": "main",
        "PollForSourceChanges": "false",
    }
    assert build["configuration"] == {"ProjectName": NAME}
    assert build_variables(emulator) == VARIABLES
    project = the_project(emulator)
    assert project["timeoutInMinutes"] == 60
    assert project["environment"]["privilegedMode"] is False
    roles = {role["RoleName"]: role for role in emulator.client("iam").list_roles()["Roles"]}
    assert sorted(roles) == [f"{NAME}-codebuild", f"{NAME}-codepipeline", f"{NAME}-events"]
    for name, role in roles.items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": f"{name.rsplit('-', 1)[1]}.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert_bucket_is_closed(emulator)
    (group,) = emulator.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 90
    (target,) = emulator.client("events").list_targets_by_rule(Rule=f"{NAME}-source")["Targets"]
    assert target["Arn"] == f"arn:aws:codepipeline:eu-west-1:123456789012:{NAME}"


def assert_bucket_is_closed(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert len(blocked) == 4
    denied = {each["Sid"]: each for each in json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]}
    assert set(denied) == {"DenyWithoutTLS", "DenyUploadsWithoutKMS"}
    assert {each["Effect"] for each in denied.values()} == {"Deny"}
    assert denied["DenyWithoutTLS"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def assert_rights_are_narrow(resources: Resources) -> None:
    """No right is a whole service's, and only what looks at EC2 may look at everything."""
    for name in ("build", "pipeline", "start"):
        for statement in statements(policy(resources, name)):
            sid = statement["Sid"]
            assert not [each for each in as_list(statement["Action"]) if each.partition(":")[2] in ("", "*")], sid
            assert (statement["Resource"] == "*") == (sid == "PackerReads"), sid


def the_project(emulator: Emulator) -> dict[str, Any]:
    codebuild = emulator.client("codebuild")
    (project,) = codebuild.batch_get_projects(names=codebuild.list_projects()["projects"])["projects"]
    assert isinstance(project, dict)
    return project


def build_variables(emulator: Emulator) -> dict[str, str]:
    variables = the_project(emulator)["environment"]["environmentVariables"]
    return {variable["name"]: variable["value"] for variable in variables}
