"""What docs/state.md tells a person to do by hand, done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.state_estate import BACKEND, BUCKET, KEY, LOCAL, ROOT, STATE, Aws, applied, terraform
from tests.terraform.toy import start, wait_for

INIT = ("state", "init", "--bucket", BUCKET)
TOP = Path(__file__).resolve().parents[2]
GUIDE = (TOP / "docs/state.md").read_text()


@pytest.fixture
def estate(repo: Repo, tfgen: Command, aws: Aws) -> Path:
    root = repo({**TOY, "packer/web.json": JSON, BACKEND: LOCAL})
    tfgen("sync").expect(0)
    applied(root)
    tfgen(*INIT).expect(0)
    return root


def test_it_names_every_call() -> None:
    """The permissions: one for each operation in the code."""
    folder = TOP / "cli/tfgen/aws"
    files = (folder / "session.py", *sorted((folder / "state_bucket").glob("*.py")))
    code = "".join(file.read_text() for file in files)
    operations = set(re.findall(r'"((?:get|put|head|list|create|describe)_[a-z0-9_]+)"', code))
    assert len(operations) > 15
    for operation in operations:
        name = "".join(word.capitalize() for word in operation.split("_"))
        assert f"`{name}`" in GUIDE, f"docs/state.md does not name {name}"


def test_an_older_state_again(estate: Path, tfgen: Command, aws: Aws) -> None:
    (estate / "packer/db.json").write_text(JSON)
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)
    versions = aws.s3.list_object_versions(Bucket=BUCKET, Prefix=KEY)["Versions"]
    (older,) = [version["VersionId"] for version in versions if version["Key"] == KEY and not version["IsLatest"]]
    body = aws.s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=older)["Body"].read()
    aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    planned = tfgen("plan", "--detailed-exitcode").expect(2)
    assert planned.out.splitlines()[1].split()[:3] == ["db", "created", "1"]


def test_a_dead_runs_lock(estate: Path, tfgen: Command, aws: Aws) -> None:
    command = 'provisioner "local-exec" {\n    command = "touch begun; sleep 60"\n  }'
    slow = f'resource "terraform_data" "slow" {{\n  {command}\n}}\n'
    (estate / ROOT / "slow.tf").write_text(slow)
    tfgen("plan", "--out", "saved").expect(0)
    process = start("apply", "saved")
    wait_for(estate / ROOT / "begun")
    lock = aws.body(f"{KEY}.tflock")
    process.terminate()
    process.communicate(timeout=60)
    aws.put(f"{KEY}.tflock", lock)  # as after the death of the machine
    busy = tfgen("plan").expect(75)
    identity = json.loads(lock)["ID"]
    assert identity in busy.err
    terraform(estate, "force-unlock", "-force", identity)
    tfgen("plan").expect(0)


def test_back_to_local_state(estate: Path, tfgen: Command, aws: Aws) -> None:
    before = json.loads(aws.body())
    (estate / BACKEND).write_text(LOCAL)
    terraform(estate, "init", "-migrate-state", "-force-copy", "-input=false")
    assert json.loads((estate / STATE).read_text())["resources"] == before["resources"]
    tfgen("plan", "--detailed-exitcode").expect(0)
