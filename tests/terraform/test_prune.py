"""`tfgen prune` on the emulator: AMIs each used in one way, and what happens when a source cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.conftest import JSON, Command, Repo, Result
from tests.documented import ROOT
from tests.terraform.used_amis import TOML, UsedAmis
from tfgen.aws.usage import ask
from tfgen.emulator.server import Emulator
from tfgen.prune.policy import ACTIONS

#: Source -> an operation of it, as botocore names events.
_OPERATIONS = {
    "launch-templates": ("ec2", "DescribeLaunchTemplateVersions"),
    "ssm-parameters": ("ssm", "GetParameterHistory"),
    "instances": ("ec2", "DescribeInstances"),
    "spot-requests": ("ec2", "DescribeSpotInstanceRequests"),
    "launch-configurations": ("autoscaling", "DescribeLaunchConfigurations"),
    "auto-scaling-groups": ("autoscaling", "DescribeAutoScalingGroups"),
    "cloudformation": ("cloudformation", "GetTemplate"),
    "eks": ("eks", "DescribeNodegroup"),
    "batch": ("batch", "DescribeComputeEnvironments"),
    "spot-fleets": ("ec2", "DescribeSpotFleetRequests"),
    "ec2-fleets": ("ec2", "DescribeFleets"),
    "elastic-beanstalk": ("elasticbeanstalk", "DescribeConfigurationSettings"),
    "image-builder": ("imagebuilder", "ListImageRecipes"),
    "launch-permissions": ("ec2", "DescribeImageAttribute"),
    "pipelines": ("codepipeline", "ListPipelineExecutions"),
    "builds": ("codebuild", "BatchGetBuilds"),
    "images": ("ec2", "DescribeImages"),
}
FILES = {"tfgen.toml": TOML, "packer/web.json": JSON}


@pytest.fixture(scope="module")
def used(emulator: Emulator) -> UsedAmis:
    """Made once: prune changes nothing."""
    emulator.reset()
    found = UsedAmis(emulator=emulator)
    for kind, make in found.each_way():
        found.use(kind, make)
    return found


@pytest.fixture(scope="module")
def unused(used: UsedAmis) -> str:
    used.ami(days=0.1)
    return used.ami()


@pytest.fixture(autouse=True)
def _environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    monkeypatch.setenv("AWS_REGION", emulator.region)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def plan(done: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(done.out)
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs/prune.schema.json").read_text())).validate(document)
    return document


def going(document: dict[str, Any]) -> list[str]:
    return [each["ami"] for each in document["amis"] if each["action"] != "keep"]


def test_exactly_the_unused_one_is_planned_and_each_other_has_its_user(
    used: UsedAmis, unused: str, repo: Repo, cli: Command
) -> None:
    root = repo(FILES)
    parent = used.ami()
    child = used.ami(given=[*_tags(ParentAmi=parent)])
    in_file = used.ami()
    (root / "live.tfvars").write_text(f'# ours\nami = "{in_file}"\n')
    used.client("ssm").put_parameter(Name="/child", Value=child, Type="String", Overwrite=True)
    document = plan(cli("prune", "--format", "json").expect(0))
    assert going(document) == [unused]
    assert document["unreadable"] == []
    because = {each["ami"]: [(one["kind"], one["id"]) for one in each["because"]] for each in document["amis"]}
    for ami, user in {
        **used.users,
        parent: ("parent-of", child),
        child: ("ssm-parameter", "/child"),
        in_file: ("file", "live.tfvars:2"),
    }.items():
        assert user in because[ami]
    (row,) = [each for each in document["amis"] if each["ami"] == unused]
    assert row["because"] == [{"kind": "unused", "id": "deregister = 0d"}]
    assert (row["image"], row["region"], row["action"]) == ("web", "eu-west-1", "deregister")
    assert row["gb"] > 0
    assert row["usd_month"] == pytest.approx(row["gb"] * 0.05, abs=0.01)
    for ami in (parent, child, in_file):
        used.client("ec2").deregister_image(ImageId=ami)
    used.client("ssm").delete_parameter(Name="/child")


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
def test_a_source_that_cannot_be_asked_keeps_all(
    code: str, used: UsedAmis, unused: str, repo: Repo, cli: Command, failing: Callable[..., None]
) -> None:
    repo(FILES)
    sources = _OPERATIONS if code == "AccessDenied" else {"instances": _OPERATIONS["instances"]}
    assert ask.SOURCES.keys() <= _OPERATIONS.keys()
    for source, operation in sources.items():
        failing(*operation, code=code)
        done = cli("prune", "--format", "json").expect(3)
        document = plan(done)
        assert going(document) == []
        assert [each["source"] for each in document["unreadable"]] == [source], source
        assert code in document["unreadable"][0]["error"]
        assert f"error: {source} (eu-west-1) could not be asked" in done.err


def test_what_comes_on_top_may_be_denied(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, failing: Callable[..., None]
) -> None:
    repo(FILES)
    for operation in ("DescribeImageReferences", "DescribeImageUsageReportEntries", "DescribeSnapshots"):
        failing("ec2", operation)
        assert going(plan(cli("prune", "--format", "json").expect(0))) == [unused]


def test_the_documented_rights_are_those_that_are_used(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, recorded: set[str]
) -> None:
    repo(FILES)
    used.client("imagebuilder")
    cli("prune").expect(0)
    # No container recipe is there to be read.
    assert recorded | {"imagebuilder:GetContainerRecipe"} == set(ACTIONS)
    policy = json.loads(cli("prune", "--iam-policy").expect(0).out)
    assert policy["Statement"][0]["Action"] == list(ACTIONS)
    page = (ROOT / "docs/prune.md").read_text()
    assert all(f'"{action}"' in page for action in ACTIONS)


def test_a_service_that_the_region_lacks_is_left_out_by_the_setting(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, failing: Callable[..., None]
) -> None:
    repo({**FILES, "tfgen.toml": f'{TOML}skip_sources = ["image-builder"]\n'})
    failing("imagebuilder", "ListImageRecipes", code="UnrecognizedClientException")
    document = plan(cli("prune", "--format", "json").expect(0))
    assert going(document) == [unused]
    recipe = next(ami for ami, (kind, _) in used.users.items() if kind == "image-builder-recipe")
    (row,) = [each for each in document["amis"] if each["ami"] == recipe]
    assert [each["kind"] for each in row["because"]] == ["image-reference"]  # EC2 itself knows of it
    assert document["skipped_sources"] == ["image-builder"]


def test_a_failed_execution_keeps_the_image(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfgen.prune import read

    repo(FILES)
    monkeypatch.setattr(read, "_failed", lambda asker, pipeline: "e-1" if pipeline == "web-ami-pipeline" else "")
    document = plan(cli("prune", "--format", "json").expect(0))
    (row,) = [each for each in document["amis"] if each["ami"] == unused]
    assert row["because"] == [{"kind": "failed-execution", "id": "e-1"}]


def test_gone_meanwhile_without_tags_and_by_name(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, failing: Callable[..., None]
) -> None:
    repo(FILES)
    bare = used.ami(given=[])
    document = plan(cli("prune", "--format", "json").expect(0))
    assert going(document) == [unused]
    assert next(each for each in document["amis"] if each["ami"] == bare)["because"][0]["kind"] == "not-ours"
    other = used.ami(given=[], days=0.1)
    by_name = plan(cli("prune", "--format", "json", "--name", "web-*").expect(0))
    assert set(going(by_name)) == {unused, bare}
    for ami in (bare, other):
        used.client("ec2").deregister_image(ImageId=ami)
    failing("ec2", "DescribeImageAttribute", code="InvalidAMIID.NotFound")
    done = cli("prune", "--format", "json").expect(0)
    assert going(plan(done)) == []
    assert f"note: {unused} (eu-west-1) was deregistered meanwhile" in done.err


def test_a_plan_is_written_read_and_no_use_of_an_ami(used: UsedAmis, unused: str, repo: Repo, cli: Command) -> None:
    from tfgen.prune.plan_file import read_plan
    from tfgen_generators.errors import RefusedError

    root = repo(FILES)
    cli("prune", "--out", "prune.json", "--image", "web").expect(0)
    written = read_plan(root / "prune.json")
    assert [each.ami for each in written.going] == [unused]
    assert written.accounts == {"eu-west-1": "123456789012"}
    assert going(plan(cli("prune", "--format", "json").expect(0))) == [unused]
    (root / "prune.json").write_text((root / "prune.json").read_text().replace(unused, next(iter(used.users))))
    with pytest.raises(RefusedError, match="changed after it was made"):
        read_plan(root / "prune.json")


def test_a_copy_that_is_used_elsewhere_keeps_its_source(used: UsedAmis, unused: str, repo: Repo, cli: Command) -> None:
    from tfgen.aws.clients import client

    repo(FILES)
    source = used.ami()
    there = client("ec2", region="us-east-1", endpoint_url=used.emulator.endpoint)
    copy = there.copy_image(Name="copy", SourceImageId=source, SourceRegion="eu-west-1")["ImageId"]
    both = ("--format", "json", "--region", "eu-west-1", "--region", "us-east-1")
    instance = there.run_instances(ImageId=copy, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    document = plan(cli("prune", *both).expect(0))
    assert going(document) == [unused]
    because = {each["ami"]: each["because"] for each in document["amis"]}
    assert because[source] == [{"kind": "source-of", "id": f"us-east-1/{copy}"}]
    assert {"kind": "instance", "id": instance} in because[copy]
    alone = plan(cli("prune", "--format", "json", "--region", "us-east-1").expect(0))
    assert {"kind": "source-not-asked", "id": f"eu-west-1/{source}"} in alone["amis"][0]["because"]
    there.terminate_instances(InstanceIds=[instance])
    there.deregister_image(ImageId=copy)
    used.client("ec2").deregister_image(ImageId=source)


def test_table_and_usage(used: UsedAmis, unused: str, repo: Repo, cli: Command) -> None:
    root = repo(FILES)
    done = cli("prune").expect(0)
    lines = done.out.splitlines()
    assert lines[0].split() == ["IMAGE", "REGION", "AMI", "ACTION", "GB", "$/MONTH", "WHY"]
    assert lines[1].split()[:4] == ["web", "eu-west-1", unused, "deregister"]
    assert "deregister: 1 AMI, " in done.err
    assert "image 'wbe' not found; did you mean web?" in cli("prune", "--image", "wbe").expect(64).err
    (root / "tfgen.toml").write_text('source_repository = "ami-builder"\n')
    assert "no [retention] in tfgen.toml, so nothing is planned" in cli("prune").expect(64).err


def test_a_file_that_cannot_be_read_keeps_all(
    used: UsedAmis, unused: str, repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfgen.prune import repository

    def refuse(path: Path, most: int = 0) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    repo(FILES)
    monkeypatch.setattr(repository, "read_bytes", refuse)
    document = plan(cli("prune", "--format", "json").expect(3))
    assert going(document) == []
    assert document["unreadable"][0]["source"] == "repository"
    assert "tfgen.toml: Permission denied" in document["unreadable"][0]["error"]


def _tags(**more: str) -> list[dict[str, str]]:
    from tests.terraform.used_amis import tags

    return tags(**more)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes one operation of AWS fail, in place of the one before."""
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    real, chosen = BaseClient._make_api_call, list[tuple[str, str, str]]()

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        for service, name, code in chosen:
            if self.meta.service_model.service_name == service and operation == name:
                raise ClientError({"Error": {"Code": code, "Message": "not for you"}}, operation)
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)

    def fail(service: str, operation: str, *, code: str = "AccessDenied") -> None:
        chosen[:] = [(service, operation, code)]

    return fail


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The actions that were called."""
    from botocore.client import BaseClient

    real, seen = BaseClient._make_api_call, set[str]()

    def call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        seen.add(f"{self.meta.service_model.signing_name.replace('monitoring', 'cloudwatch')}:{operation}")
        return real(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return seen


def test_the_files_that_are_searched(tmp_path: Path) -> None:
    from tfgen.prune.repository import written_ids

    long, short = "ami-0123456789abcdef0", "ami-01234567"
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform/x.tf").write_text(long)
    (tmp_path / "a.tf").write_text(f'x = "{long}"\n\ny = "{short}"\n')
    (tmp_path / "b.pkr.hcl").write_text(short)
    (tmp_path / "c.yml").write_bytes(b"\xff" + long.encode() + b"\r\n")
    (tmp_path / "d.json").write_text(f'"{long}1", "x{short}", "{short}8"')
    (tmp_path / "e.txt").write_text(long)
    assert sorted(written_ids(tmp_path), key=lambda one: one[1]) == [
        (long, "a.tf:1"),
        (short, "a.tf:3"),
        (short, "b.pkr.hcl:1"),
        (long, "c.yml:1"),
    ]
