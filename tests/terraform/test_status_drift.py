"""The drift of `tfgen status` on a real apply of the module: nothing on a fresh one, and each planted difference by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import JSON, write_tree
from tests.terraform.conftest import make_estate
from tests.terraform.module_on_aws import APPLY, PLAN
from tfgen.emulator.override import override_text
from tfgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tfgen.emulator.server import Emulator
    from tfgen.status.facts import Drifts

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
) -> Iterator[Applied]:
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
    yield Applied(root=root, emulator=emulator)


def synchronized() -> None:
    from tfgen.sync.run import synchronize

    assert not synchronize(open_workspace()).problems


@pytest.fixture(scope="module")
def fresh(applied: Applied) -> tuple[Drifts, Drifts]:
    """What is said of a fresh apply, at length and in the table's form."""
    with pytest.MonkeyPatch.context() as patch:
        return applied.drift(patch), applied.drift(patch, full=False)


def test_a_fresh_apply_has_no_difference(fresh: tuple[Drifts, Drifts]) -> None:
    for found in fresh:
        assert found.by_image == {}
        assert found.orphans == ()
        assert found.unreadable == {}
