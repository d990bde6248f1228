"""The drift of `tfgen status` on a real apply: nothing on a fresh one, and each planted difference by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import JSON, write_tree
from tests.terraform.conftest import make_estate
from tests.terraform.module_on_aws import APPLY, PLAN
from tfgen.emulator.override import override_text
from tfgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tfgen.emulator.server import Emulator
    from tfgen.status.facts import Drifts
    from tfgen.status.model import Drift

ACCOUNT = "123456789012"
WEB, DB, APP = (f"{name}-ami-pipeline" for name in ("web", "db", "app"))
WEB_BUCKET = f"web-ami-builder-artefacts-{ACCOUNT}"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:images"
CONNECTION = f"arn:aws:codeconnections:eu-west-1:{ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-000000000000"
SUBNET, VPC = "subnet-0a1b2c3d4e5f60718", "vpc-04f99e5833c3a909b"
TOML = f"""\
source_repository = "ami-builder"

[environment]
COLOUR = "blue"

[templates.web]
environment = {{ DB_PASSWORD = "in-the-repository" }}

[templates.db.inputs]
schedule = "cron(0 4 ? * MON *)"
notifications = {{ topic_arn = "{TOPIC}" }}
vpc_config = {{ vpc_id = "VPC", subnet_ids = ["SUBNET"] }}
environment_secrets = {{ TOKEN = {{ parameter = "/db/token" }} }}
build_features = ["spot", "deprecation"]
share_with_accounts = ["111122223333"]
kms_key_arn = "KEY"
approval = {{}}
tags = {{ team = "data" }}
log_retention_days = 30

[templates.app.inputs]
source_type = "codeconnections"
source_repository = "owner/ami-builder"
connection_arn = "{CONNECTION}"
full_clone = true
network = "session-manager"
build_timeout = 90
"""
TEMPLATES = {f"packer/{name}.json": JSON for name in ("web", "db", "app")}


@dataclass(frozen=True, kw_only=True)
class Applied:
    """The repository and its AWS."""

    root: Path
    emulator: Emulator
    #: For a Terraform that uses the provider that runs already.
    environment: dict[str, str]

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def drift(self, patch: pytest.MonkeyPatch, *, full: bool = True) -> Drifts:
        from datetime import UTC, datetime

        from tfgen.status.collect import Options, collect
        from tfgen.status.reading.progress import Progress
        from tfgen.sync.survey import find_changes

        patch.chdir(self.root)
        patch.setenv("AWS_ENDPOINT_URL", self.emulator.endpoint)
        patch.setenv("AWS_REGION", self.emulator.region)
        workspace = open_workspace()
        found = find_changes(workspace)
        with Progress(is_wanted=False) as progress:
            facts = collect(workspace, found, Options(full=full), datetime.now(UTC), progress)
        return facts.drifts[0]


@pytest.fixture(scope="module")
def applied(
    emulator: Emulator, cli_config: Path, tmp_path_factory: pytest.TempPathFactory, attached: dict[str, str]
) -> Applied:
    """Three images with different settings, synchronized and applied."""
    root = tmp_path_factory.mktemp("drift")
    estate = make_estate(emulator, cli_config, root, attached)
    estate.generated.unlink()
    key = emulator.client("kms").create_key()["KeyMetadata"]["Arn"]
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    toml = TOML.replace("KEY", key).replace("VPC", vpc).replace("SUBNET", subnet)
    write_tree(root, {"tfgen.toml": toml, **TEMPLATES})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        synchronized()
    (estate.folder / "emulator_override.tf").write_text(override_text(emulator), encoding="utf-8")
    estate.init()
    estate.terraform(*PLAN, expect=2)
    estate.terraform(*APPLY)
    return Applied(root=root, emulator=emulator, environment={**estate.environment, **estate.attached})


def synchronized() -> None:
    from tfgen.sync.run import synchronize

    assert not synchronize(open_workspace()).problems


@pytest.fixture(scope="module")
def fresh(applied: Applied) -> tuple[Drifts, Drifts]:
    """What is said of a fresh apply, at length and in the table's form."""
    with pytest.MonkeyPatch.context() as patch:
        return applied.drift(patch), applied.drift(patch, full=False)


def test_the_actions_are_those_that_are_asked(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfgen.aws.resources.read import ACTIONS, action_of
    from tfgen.aws.session import Account
    from tfgen.status.policy import ALWAYS, WITHOUT_RIGHT

    asked: set[str] = set()
    call, pages = Account.call, Account.pages

    def recorded_call(self: Account, service: str, operation: str, **given: Any) -> Any:
        asked.add(action_of(service, operation))
        return call(self, service, operation, **given)

    def recorded_pages(self: Account, service: str, operation: str, key: str, **given: Any) -> Any:
        asked.add(action_of(service, operation))
        return pages(self, service, operation, key, **given)

    monkeypatch.setattr(Account, "call", recorded_call)
    monkeypatch.setattr(Account, "pages", recorded_pages)
    applied.drift(monkeypatch)
    assert asked - {*ALWAYS, *WITHOUT_RIGHT} == {*ACTIONS} - {*ALWAYS}


def test_a_fresh_apply_has_no_difference(fresh: tuple[Drifts, Drifts]) -> None:
    for found in fresh:
        assert found.by_image == {}
        assert found.orphans == ()
        assert found.unreadable == {}


Change = Callable[[Applied], object]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A difference made by hand: where it must be said, in which words. `image` "" is the row of no image."""

    change: Change
    image: str
    what: str
    field: str
    expected: str
    found: str


def project(name: str, **changed: Any) -> Change:
    return lambda on: on.client("codebuild").update_project(name=name, **changed)


def environment(name: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def changed(on: Applied) -> None:
        codebuild = on.client("codebuild")
        found = codebuild.batch_get_projects(names=[name])["projects"][0]["environment"]
        change(found)
        codebuild.update_project(name=name, environment=found)

    return changed


def variable(name: str, variable: str, value: str, kind: str = "PLAINTEXT") -> Change:
    def changed(found: dict[str, Any]) -> None:
        kept = [each for each in found["environmentVariables"] if each["name"] != variable]
        found["environmentVariables"] = [*kept, {"name": variable, "value": value, "type": kind}]

    return environment(name, changed)


def without(name: str, variable: str) -> Change:
    def changed(found: dict[str, Any]) -> None:
        found["environmentVariables"] = [each for each in found["environmentVariables"] if each["name"] != variable]

    return environment(name, changed)


def pipeline(name: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def changed(on: Applied) -> None:
        client = on.client("codepipeline")
        found = client.get_pipeline(name=name)["pipeline"]
        change(found)
        client.update_pipeline(pipeline=found)

    return changed


def configured(stage: int, key: str, value: str) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["stages"][stage]["actions"][0]["configuration"].update({key: value})


def more_stages(found: dict[str, Any]) -> None:
    copied = json.loads(json.dumps(found["stages"][-1]))
    copied["name"] = "Again"
    copied["actions"][0]["outputArtifacts"] = []
    found["stages"].append(copied)


def inline(role: str, name: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def changed(on: Applied) -> None:
        iam = on.client("iam")
        found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        change(found)
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(found))

    return changed


def wider(found: dict[str, Any]) -> None:
    logs = next(each for each in found["Statement"] if each["Sid"] == "Logs")
    logs["Action"] = "logs:*"


def trust(on: Applied) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codepipeline.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    on.client("iam").update_assume_role_policy(RoleName=f"{WEB}-codepipeline", PolicyDocument=document)


def managed(on: Applied) -> None:
    """A new version of the policy of what the template may share."""
    iam = on.client("iam")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{DB}-codebuild"
    statement = {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def without_tls(on: Applied) -> None:
    s3 = on.client("s3")
    found = json.loads(s3.get_bucket_policy(Bucket=WEB_BUCKET)["Policy"])
    found["Statement"] = [each for each in found["Statement"] if each["Sid"] != "DenyWithoutTLS"]
    s3.put_bucket_policy(Bucket=WEB_BUCKET, Policy=json.dumps(found))


def public(on: Applied) -> None:
    blocked = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls"), True)
    configuration = {**blocked, "RestrictPublicBuckets": False}
    on.client("s3").put_public_access_block(Bucket=WEB_BUCKET, PublicAccessBlockConfiguration=configuration)


def encrypted(on: Applied) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"}}
    configuration = {"Rules": [rule]}
    on.client("s3").put_bucket_encryption(Bucket=WEB_BUCKET, ServerSideEncryptionConfiguration=configuration)


def expiring(on: Applied) -> None:
    rule = {"ID": "by-hand", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    on.client("s3").put_bucket_lifecycle_configuration(Bucket=WEB_BUCKET, LifecycleConfiguration={"Rules": [rule]})


def opened(on: Applied) -> None:
    ec2 = on.client("ec2")
    named = {"Name": "group-name", "Values": [f"{DB}-build"]}
    (group,) = ec2.describe_security_groups(Filters=[named])["SecurityGroups"]
    ranges = [{"CidrIp": "0.0.0.0/0"}]
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ranges}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])


def other_rule(**changed: str) -> Change:
    def change(on: Applied) -> None:
        events = on.client("events")
        found = events.describe_rule(Name=f"{WEB}-source")
        events.put_rule(**{key: found[key] for key in ("Name", "Description", "EventPattern")} | changed)

    return change


def other_target(on: Applied) -> None:
    target = {"Id": "codepipeline", "Arn": f"arn:aws:codepipeline:eu-west-1:{ACCOUNT}:another"}
    role = f"arn:aws:iam::{ACCOUNT}:role/{DB}-events"
    on.client("events").put_targets(Rule=f"{DB}-schedule", Targets=[{**target, "RoleArn": role}])


def copied(name: str, **variables: str) -> Change:
    """A second pipeline with its project, as a person copies one in the console."""

    def made(on: Applied) -> None:
        codebuild, codepipeline = on.client("codebuild"), on.client("codepipeline")
        (found,) = codebuild.batch_get_projects(names=[APP])["projects"]
        given = [{"name": key, "value": value, "type": "PLAINTEXT"} for key, value in variables.items()]
        codebuild.create_project(
            name=name,
            description="made by hand",
            source=found["source"] | {"location": "unused"},
            artifacts={"type": "CODEPIPELINE", "location": "unused"},
            environment=found["environment"] | {"environmentVariables": given},
            serviceRole=found["serviceRole"],
        )
        pipeline = codepipeline.get_pipeline(name=WEB)["pipeline"]
        pipeline["name"] = name
        codepipeline.create_pipeline(pipeline=pipeline)

    return made


def tagged(on: Applied) -> None:
    (found,) = on.client("codebuild").batch_get_projects(names=[DB])["projects"]
    kept = [tag for tag in found["tags"] if tag["key"] != "team"]
    on.client("codebuild").update_project(name=DB, tags=[*kept, {"key": "team", "value": "nobody"}])


def edited(on: Applied) -> None:
    """The block of an image is what sync would write otherwise now."""
    path = on.root / "tfgen.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('COLOUR = "blue"', 'COLOUR = "green"'), encoding="utf-8")


ROLE = f"arn:aws:iam::{ACCOUNT}:role"
NONE, HIDDEN = "(none)", "(not shown)"
PLANTS = {
    "a variable is changed": Plant(
        change=variable(WEB, "COLOUR", "red"),
        image="web",
        what=f"project {WEB}",
        field="environment.COLOUR",
        expected="blue",
        found="red",
    ),
    "a variable is added": Plant(
        change=variable(WEB, "DEBUG", "1"),
        image="web",
        what=f"project {WEB}",
        field="environment.DEBUG",
        expected=NONE,
        found="1",
    ),
    "a variable is removed": Plant(
        change=without(APP, "COLOUR"),
        image="app",
        what=f"project {APP}",
        field="environment.COLOUR",
        expected="blue",
        found=NONE,
    ),
    "a secret is changed": Plant(
        change=variable(WEB, "DB_PASSWORD", "set-by-hand"),
        image="web",
        what=f"project {WEB}",
        field="environment.DB_PASSWORD",
        expected=HIDDEN,
        found="(differs, not shown)",
    ),
    "a secret is added": Plant(
        change=variable(WEB, "SOME", "AKIA" + "ABCDEFGHIJKLMNOP"),
        image="web",
        what=f"project {WEB}",
        field="environment.SOME",
        expected=NONE,
        found=HIDDEN,
    ),
    "a secret is fetched from elsewhere": Plant(
        change=variable(DB, "TOKEN", "/other", "PARAMETER_STORE"),
        image="db",
        what=f"project {DB}",
        field="environment.TOKEN",
        expected=HIDDEN,
        found="(differs, not shown)",
    ),
    "another build image": Plant(
        change=environment(WEB, lambda found: found.update(image="aws/codebuild/standard:6.0")),
        image="web",
        what=f"project {WEB}",
        field="environment.image",
        expected="aws/codebuild/standard:7.0",
        found="aws/codebuild/standard:6.0",
    ),
    "a larger machine": Plant(
        change=environment(WEB, lambda found: found.update(computeType="BUILD_GENERAL1_LARGE")),
        image="web",
        what=f"project {WEB}",
        field="environment.compute_type",
        expected="BUILD_GENERAL1_SMALL",
        found="BUILD_GENERAL1_LARGE",
    ),
    "a privileged build": Plant(
        change=environment(WEB, lambda found: found.update(privilegedMode=True)),
        image="web",
        what=f"project {WEB}",
        field="environment.privileged_mode",
        expected="false",
        found="true",
    ),
    "another buildspec": Plant(
        change=project(WEB, source={"type": "CODEPIPELINE", "buildspec": "mine.yml"}),
        image="web",
        what=f"project {WEB}",
        field="source.buildspec",
        expected="buildspec.yml",
        found="mine.yml",
    ),
    "another timeout": Plant(
        change=project(APP, timeoutInMinutes=10),
        image="app",
        what=f"project {APP}",
        field="build_timeout",
        expected="90",
        found="10",
    ),
    "another role of the build": Plant(
        change=project(APP, serviceRole=f"{ROLE}/{WEB}-codebuild"),
        image="app",
        what=f"project {APP}",
        field="service_role",
        expected=f"{ROLE}/{APP}-codebuild",
        found=f"{ROLE}/{WEB}-codebuild",
    ),
    "another description": Plant(
        change=project(APP, description="by hand"),
        image="app",
        what=f"project {APP}",
        field="description",
        expected="Builds the app AMI from packer/app.json",
        found="by hand",
    ),
    "another key": Plant(
        change=project(WEB, encryptionKey=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"),
        image="web",
        what=f"project {WEB}",
        field="encryption_key",
        expected=NONE,
        found=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
    ),
    "out of its VPC": Plant(
        change=project(DB, vpcConfig={"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": []}),
        image="db",
        what=f"project {DB}",
        field="vpc_config.subnets",
        expected="subnet-",
        found="subnet-1",
    ),
    "another tag": Plant(
        change=tagged,
        image="db",
        what=f"project {DB}",
        field="tags.team",
        expected="data",
        found="nobody",
    ),
    "another branch": Plant(
        change=pipeline(WEB, configured(0, "BranchName", "mine")),
        image="web",
        what=f"pipeline {WEB}",
        field="Source.Source.BranchName",
        expected="main",
        found="mine",
    ),
    "another repository": Plant(
        change=pipeline(APP, configured(0, "FullRepositoryId", "evil/ami-builder")),
        image="app",
        what=f"pipeline {APP}",
        field="Source.Source.FullRepositoryId",
        expected="owner/ami-builder",
        found="evil/ami-builder",
    ),
    "it polls": Plant(
        change=pipeline(WEB, configured(0, "PollForSourceChanges", "true")),
        image="web",
        what=f"pipeline {WEB}",
        field="Source.Source.PollForSourceChanges",
        expected="false",
        found="true",
    ),
    "another project": Plant(
        change=pipeline(APP, configured(1, "ProjectName", WEB)),
        image="app",
        what=f"pipeline {APP}",
        field="Build.Build.ProjectName",
        expected=APP,
        found=WEB,
    ),
    "variables of the action": Plant(
        change=pipeline(WEB, configured(1, "EnvironmentVariables", '[{"name":"A","value":"s"}]')),
        image="web",
        what=f"pipeline {WEB}",
        field="Build.Build.EnvironmentVariables",
        expected=NONE,
        found=HIDDEN,
    ),
    "another stage": Plant(
        change=pipeline(WEB, more_stages),
        image="web",
        what=f"pipeline {WEB}",
        field="stages",
        expected="Source, Build",
        found="Source, Build, Again",
    ),
    "the approval is gone": Plant(
        change=pipeline(DB, lambda found: found["stages"].pop(1)),
        image="db",
        what=f"pipeline {DB}",
        field="stages",
        expected="Source, Approval, Build",
        found="Source, Build",
    ),
    "another role of the pipeline": Plant(
        change=pipeline(APP, lambda found: found.update(roleArn=f"{ROLE}/{WEB}-codepipeline")),
        image="app",
        what=f"pipeline {APP}",
        field="role_arn",
        expected=f"{ROLE}/{APP}-codepipeline",
        found=f"{ROLE}/{WEB}-codepipeline",
    ),
    "another artefact store": Plant(
        change=pipeline(APP, lambda found: found["artifactStore"].update(location=WEB_BUCKET)),
        image="app",
        what=f"pipeline {APP}",
        field="artifact_store.location",
        expected=f"app-ami-builder-artefacts-{ACCOUNT}",
        found=WEB_BUCKET,
    ),
    "no key of the artefacts": Plant(
        change=pipeline(DB, lambda found: found["artifactStore"].pop("encryptionKey")),
        image="db",
        what=f"pipeline {DB}",
        field="artifact_store.encryption_key",
        expected="arn:aws:kms:",
        found=NONE,
    ),
    "a trust policy without a condition": Plant(
        change=trust,
        image="web",
        what=f"role {WEB}-codepipeline",
        field="trust policy 1.Condition",
        expected="aws:SourceAccount",
        found=NONE,
    ),
    "an inline policy is wider": Plant(
        change=inline(f"{WEB}-codebuild", "build", wider),
        image="web",
        what=f"role {WEB}-codebuild",
        field="policy build Logs.Action",
        expected="logs:CreateLogStream",
        found="logs:*",
    ),
    "one more inline policy": Plant(
        change=lambda on: on.client("iam").put_role_policy(
            RoleName=f"{WEB}-codebuild",
            PolicyName="mine",
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        ),
        image="web",
        what=f"role {WEB}-codebuild",
        field="policy mine",
        expected="does not exist",
        found="exists",
    ),
    "one more attached policy": Plant(
        change=lambda on: on.client("iam").attach_role_policy(
            RoleName=f"{WEB}-codebuild", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{DB}-codebuild-secrets"
        ),
        image="web",
        what=f"role {WEB}-codebuild",
        field="attached policies",
        expected="not attached",
        found="-codebuild-secrets",
    ),
    "an attached policy is gone": Plant(
        change=lambda on: on.client("iam").detach_role_policy(
            RoleName=f"{DB}-codebuild", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{DB}-codebuild-secrets"
        ),
        image="db",
        what=f"role {DB}-codebuild",
        field="attached policies",
        expected="-codebuild-secrets",
        found="not attached",
    ),
    "a managed policy is wider": Plant(
        change=managed,
        image="db",
        what=f"policy {DB}-codebuild",
        field="policy All",
        expected=NONE,
        found='"*"',
    ),
    "a rule is disabled": Plant(
        change=other_rule(State="DISABLED"),
        image="web",
        what=f"rule {WEB}-source",
        field="state",
        expected="ENABLED",
        found="DISABLED",
    ),
    "a rule has another pattern": Plant(
        change=other_rule(EventPattern='{"source":["aws.codecommit"]}', State="DISABLED"),
        image="web",
        what=f"rule {WEB}-source",
        field="event_pattern",
        expected="referenceName",
        found="aws.codecommit",
    ),
    "another schedule": Plant(
        change=lambda on: on.client("events").put_rule(
            Name=f"{DB}-schedule", ScheduleExpression="rate(1 minute)", Description=f"Starts {DB} by the clock"
        ),
        image="db",
        what=f"rule {DB}-schedule",
        field="schedule_expression",
        expected="cron(0 4 ? * MON *)",
        found="rate(1 minute)",
    ),
    "a rule has another target": Plant(
        change=other_target,
        image="db",
        what=f"rule {DB}-schedule",
        field="target codepipeline.arn",
        expected=DB,
        found=":another",
    ),
    "nobody is told": Plant(
        change=lambda on: on.client("events").remove_targets(Rule=f"{DB}-state", Ids=["sns"]),
        image="db",
        what=f"rule {DB}-state",
        field="target sns",
        expected="exists",
        found="does not exist",
    ),
    "the bucket takes plain HTTP": Plant(
        change=without_tls,
        image="web",
        what=f"bucket {WEB_BUCKET}",
        field="policy DenyWithoutTLS",
        expected="SecureTransport",
        found=NONE,
    ),
    "the bucket may be public": Plant(
        change=public,
        image="web",
        what=f"bucket {WEB_BUCKET}",
        field="public_access.restrict_public_buckets",
        expected="true",
        found="false",
    ),
    "the bucket keeps versions": Plant(
        change=lambda on: on.client("s3").put_bucket_versioning(
            Bucket=WEB_BUCKET, VersioningConfiguration={"Status": "Enabled"}
        ),
        image="web",
        what=f"bucket {WEB_BUCKET}",
        field="versioning",
        expected="never enabled",
        found="Enabled",
    ),
    "the bucket has a key": Plant(
        change=encrypted,
        image="web",
        what=f"bucket {WEB_BUCKET}",
        field="encryption",
        expected="the default of S3",
        found="aws:kms",
    ),
    "the bucket forgets": Plant(
        change=expiring,
        image="web",
        what=f"bucket {WEB_BUCKET}",
        field="lifecycle",
        expected=NONE,
        found="by-hand",
    ),
    "logs are kept otherwise": Plant(
        change=lambda on: on.client("logs").put_retention_policy(
            logGroupName=f"/aws/codebuild/{DB}", retentionInDays=1
        ),
        image="db",
        what=f"log group /aws/codebuild/{DB}",
        field="retention_in_days",
        expected="30",
        found="1",
    ),
    "the build machine is open": Plant(
        change=opened,
        image="db",
        what=f"security group {DB}-build",
        field="ingress",
        expected=NONE,
        found="0.0.0.0/0",
    ),
    "the file is behind the settings": Plant(
        change=edited,
        image="app",
        what="terraform/pipelines/pipeline_app.gen.tf",
        field="environment_vars.COLOUR",
        expected="green",
        found="blue",
    ),
}


@pytest.fixture(scope="module")
def planted(applied: Applied, fresh: tuple[Drifts, Drifts]) -> Drifts:
    """All of them at once, read once."""
    assert fresh
    with pytest.MonkeyPatch.context() as patch:
        for plant in PLANTS.values():
            plant.change(applied)
        copied("copy-of-web", PACKER_SCRIPT="packer/web.json")(applied)
        copied("old-ami-pipeline", PACKER_SCRIPT="packer/old.json")(applied)
        copied("of-nobody", PACKER_SCRIPT="packer/old.json")(applied)
        copied("no-packer-ami-pipeline", COLOUR="blue")(applied)
        return applied.drift(patch)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_difference_is_named(planted: Drifts, name: str) -> None:
    plant = PLANTS[name]
    said = [each for each in planted.by_image[plant.image] if (each.what, each.field) == (plant.what, plant.field)]
    assert len(said) == 1, (said, planted.by_image[plant.image])
    assert plant.expected in said[0].expected
    assert plant.found in said[0].found


def test_nothing_else_is_said(planted: Drifts) -> None:
    wanted = {(plant.image, plant.what) for plant in PLANTS.values()}
    wanted |= {(name, f"terraform/pipelines/pipeline_{name}.gen.tf") for name in ("web", "db")}
    assert {(image, each.what) for image, found in planted.by_image.items() for each in found} == wanted
    assert planted.unreadable == {}


def test_no_secret_is_printed(planted: Drifts) -> None:
    said = repr(planted)
    for secret in ("in-the-repository", "set-by-hand", "AKIA", "/db/token", '"s"'):
        assert secret not in said


def test_pipelines_without_an_image_and_second_ones_are_rows(planted: Drifts) -> None:
    assert [(each.kind, each.name, each.reason) for each in planted.orphans] == [
        ("duplicate", "copy-of-web", f"builds packer/web.json, as {WEB} does"),
        ("pipeline", "old-ami-pipeline", "builds packer/old.json, of which there is no image here"),
    ]


def test_terraform_is_asked_instead(applied: Applied, planted: Drifts, monkeypatch: pytest.MonkeyPatch) -> None:
    """What both see is said by both; a disabled rule, one more policy and the pipelines by hand are no plan's."""
    from tfgen.status.drift.planned import planned_drift

    assert planted.by_image
    monkeypatch.chdir(applied.root)
    for name, value in applied.environment.items():
        monkeypatch.setenv(name, value)
    found = planned_drift(open_workspace())
    said = {(image, each.field): (each.expected, each.found) for image, each in pairs(found)}
    kind = "environment.environment_variable"
    assert said["web", f"{kind}.COLOUR.value"] == ("blue", "red")
    assert said["web", f"{kind}.DB_PASSWORD.value"] == (HIDDEN, HIDDEN)
    assert said["web", "environment.privileged_mode"] == ("false", "true")
    assert said["app", "build_timeout"] == ("90", "10")
    assert said["db", "schedule_expression"] == ("cron(0 4 ? * MON *)", "rate(1 minute)")
    assert ("web", "policy.Statement.Logs.Action") in said
    assert {each.between for _, each in pairs(found)} == {"file/aws"}
    assert "set-by-hand" not in repr(found)
    assert found.keys() == {"web", "db", "app"}


def pairs(found: dict[str, list[Drift]]) -> list[tuple[str, Drift]]:
    return [(image, each) for image, listed in found.items() for each in listed]


def test_what_is_denied_costs_its_cell_alone(
    applied: Applied, planted: Drifts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfgen.aws.failures import AwsError
    from tfgen.aws.session import Account

    real = Account.call

    def call(self: Account, service: str, operation: str, **given: Any) -> dict[str, Any]:
        if operation == "get_role" or (operation == "get_bucket_encryption" and given["Bucket"] == WEB_BUCKET):
            raise AwsError("AWS refused it", code="AccessDenied")
        return real(self, service, operation, **given)

    monkeypatch.setattr(Account, "call", call)
    found = applied.drift(monkeypatch)
    assert {each.action for each in found.unreadable["web"]} == {"iam:GetRole", "s3:GetEncryptionConfiguration"}
    assert {each.action for each in found.unreadable["app"]} == {"iam:GetRole"}
    lost = ("role ", "encryption")
    for image, listed in planted.by_image.items():
        kept = [each for each in listed if not each.what.startswith(lost[0]) and each.field != lost[1]]
        assert list(found.by_image[image]) == kept


def test_a_pipeline_that_is_gone_is_a_row(applied: Applied, planted: Drifts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Last: it is deleted. Of its resources nothing is said, for all of them may be gone."""
    assert planted.by_image
    applied.client("codepipeline").delete_pipeline(name=APP)
    found = applied.drift(monkeypatch, full=False)
    assert ("image", "app", f"no pipeline {APP} in AWS") in [(e.kind, e.name, e.reason) for e in found.orphans]
    assert {each.between for each in found.by_image["app"]} == {"template/file"}
