"""The modules in China, GovCloud and the European Sovereign Cloud: golden policies, and what they allow."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terraform.conftest import make_estate
from tests.terraform.iam_rights import Context, is_allowed
from tests.terraform.partitions import ACCOUNT, PARTITIONS, Documents, plan_partitions
from tfgen.aws.state_bucket.policy import with_tls_only

if TYPE_CHECKING:
    from tfgen.emulator.server import Emulator

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "partitions"
#: Policies that no golden file has: those of `shared` are copies, those of `ci_roles` are read in test_ci_roles.py.
ELSEWHERE = ("shared", "ci_roles")
OURS: Context = {"aws:ResourceTag/BuiltBy": "Packer"}
NEW: Context = {"aws:RequestTag/BuiltBy": "Packer"}
THEIRS: Context = {"aws:ResourceTag/Name": "database"}


@pytest.fixture(scope="module")
def documents(
    emulator: Emulator, cli_config: Path, tmp_path_factory: pytest.TempPathFactory, attached: dict[str, str]
) -> dict[str, Documents]:
    found = plan_partitions(make_estate(emulator, cli_config, tmp_path_factory.mktemp("partitions"), attached))
    for partition, policies in found.items():
        policies["state bucket"] = with_tls_only({}, f"arn:{partition}:s3:::state")
    return found


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_golden_policies(documents: dict[str, Documents], partition: str) -> None:
    kept = {name: text for name, text in documents[partition].items() if not name.startswith(ELSEWHERE)}
    text = json.dumps(kept, indent=1, sort_keys=True) + "\n"
    golden = GOLDEN / f"{partition}.json"
    if os.environ.get("TFGEN_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "if that is meant, run: make golden"


@pytest.mark.parametrize("partition", PARTITIONS)
def test_each_arn_is_of_the_partition(documents: dict[str, Documents], partition: str) -> None:
    for module in ("", *ELSEWHERE):
        assert sum(name.startswith(module) for name in documents[partition]) >= 5, module
    arns = re.findall(r"arn:[^\"]+", json.dumps(documents[partition]))
    assert len(arns) > 150
    assert [each for each in arns if not each.startswith(f"arn:{partition}:")] == []


def build_rights(documents: Documents) -> list[str]:
    """All policies of the build's role."""
    names = [name for name in documents if "aws_iam_policy web-codebuild" in name or name.endswith("role_policy build")]
    assert len(names) >= 4
    return [json.dumps(documents[name]) for name in names]


def allowed(documents: dict[str, Documents], partition: str, action: str, kind: str, context: Context) -> bool:
    region = PARTITIONS[partition]
    account = "" if kind.startswith(("image", "snapshot")) else ACCOUNT
    resource = f"arn:{partition}:ec2:{region}:{account}:{kind}"
    return is_allowed(build_rights(documents[partition]), action, resource, {"aws:RequestedRegion": region, **context})


@pytest.mark.parametrize("partition", PARTITIONS)
def test_limits_by_tag_hold_wherever_packer_tags_at_the_start(documents: dict[str, Documents], partition: str) -> None:
    for action, kind in (
        ("ec2:TerminateInstances", "instance/i-1"),
        ("ec2:DeleteVolume", "volume/vol-1"),
        ("ec2:DeleteSecurityGroup", "security-group/sg-1"),
    ):
        assert allowed(documents, partition, action, kind, OURS)
        # In China the plugin tags an instance after its start.
        assert allowed(documents, partition, action, kind, THEIRS) is (partition == "aws-cn")
    for action, kind in (("ec2:RunInstances", "instance/i-1"), ("ec2:CreateSecurityGroup", "security-group/sg-1")):
        assert allowed(documents, partition, action, kind, NEW)
        assert allowed(documents, partition, action, kind, {}) is (partition == "aws-cn")


#: What Packer does with an image between its making and its tags, in the order of its steps.
WITHOUT_TAGS: tuple[tuple[str, str, Context], ...] = (
    ("ec2:EnableImageDeprecation", "image/ami-1", {}),
    ("ec2:ModifyImageAttribute", "image/ami-1", {}),
    ("ec2:ModifySnapshotAttribute", "snapshot/snap-1", {"ec2:Add/userId": "999999999999"}),
    ("ec2:CreateTags", "image/ami-1", {}),
    ("ec2:CreateTags", "snapshot/snap-1", {}),
    ("ec2:DeregisterImage", "image/ami-1", {}),
    ("ec2:DeleteSnapshot", "snapshot/snap-1", {}),
)


def test_in_govcloud_an_image_has_its_tags_last(documents: dict[str, Documents]) -> None:
    for action, kind, context in WITHOUT_TAGS:
        assert allowed(documents, "aws-us-gov", action, kind, context), action
        for tag in ("Template", "aws:backup:source-resource"):
            finished = {**context, f"aws:ResourceTag/{tag}": "x"}
            assert not allowed(documents, "aws-us-gov", action, kind, finished), action
    assert not allowed(documents, "aws-eusc", "ec2:DeregisterImage", "image/ami-1", {})
    assert not allowed(documents, "aws-us-gov", "ec2:TerminateInstances", "instance/i-1", {})


@pytest.mark.parametrize(("partition", "domain"), [("aws-cn", "amazonaws.com.cn"), ("aws-eusc", "amazonaws.eu")])
def test_names_of_services_end_as_the_partition_has_it(
    documents: dict[str, Documents], partition: str, domain: str
) -> None:
    region = PARTITIONS[partition]
    assert documents[partition][f"{partition}-dispatcher: source"].startswith(
        f"https://git-codecommit.{region}.{domain}/"
    )
    key = f"arn:{partition}:kms:{region}:{ACCOUNT}:key/1"
    for service in ("s3", "secretsmanager", "ssm"):
        via = {"kms:ViaService": f"{service}.{region}.{domain}"}
        assert is_allowed(build_rights(documents[partition]), "kms:Decrypt", key, via)
    for other in (f"ec2.{region}.{domain}", f"s3.eu-west-1.{domain}"):
        assert not is_allowed(build_rights(documents[partition]), "kms:Decrypt", key, {"kms:ViaService": other})
