"""`tfgen state init` on the emulator, with a real Terraform: bucket, backend, move, and two plans at once."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.state_estate import BACKEND, BUCKET, KEY, LOCAL, ROOT, SETTINGS, STATE, Aws, applied, terraform
from tests.terraform.toy import start
from tfgen.aws.state_bucket.locks import with_locks_expiring

FILES = {**TOY, "packer/web.json": JSON, BACKEND: f"# mine\n{LOCAL}"}
INIT = ("state", "init", "--bucket", BUCKET)


@pytest.mark.both
def test_a_bucket_a_backend_the_state_moved_and_nothing_to_do_twice(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo(FILES)
    tfgen("sync").expect(0)
    before = applied(root)
    done = tfgen(*INIT).expect(0)
    lines = done.out.splitlines()
    made = 1 + len(SETTINGS)
    assert lines[:made] == [
        f"created bucket {BUCKET} (eu-west-1, account 123456789012)",
        *(f"bucket {BUCKET}: {name}" for name in SETTINGS),
    ]
    assert [line.split()[0] for line in lines[made:]] == ["copied", "wrote", "moved", "deleted"]

    assert aws.configuration() == {
        "Status": "Enabled",
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "Policy": aws.configuration()["Policy"],
        "TagSet": [{"Key": "ManagedBy", "Value": "tfgen"}],
        "Rules": with_locks_expiring({}, f"{KEY}.tflock")["LifecycleConfiguration"]["Rules"],
    }
    (statement,) = json.loads(aws.configuration()["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]

    assert (root / BACKEND).read_text() == (
        "# mine\n"
        "terraform {\n"
        '  backend "s3" {\n'
        f'    bucket       = "{BUCKET}"\n'
        f'    key          = "{KEY}"\n'
        '    region       = "eu-west-1"\n'
        "    encrypt      = true\n"
        "    use_lockfile = true\n"
        "  }\n"
        "}\n"
    )
    terraform(root, "fmt", "-check")
    assert json.loads(aws.body())["resources"] == before["resources"]
    assert not (root / STATE).exists()
    (copy,) = (root / ".tfgen/backup").glob("terraform.tfstate.*")
    assert (json.loads(copy.read_text()), copy.stat().st_mode & 0o777) == (before, 0o600)
    (old,) = (root / ".tfgen/backup").glob("backend.tf.*")
    assert old.read_text() == FILES[BACKEND]

    again = tfgen(*INIT).expect(0)
    assert again.out == f"unchanged: the state is in s3://{BUCKET}/{KEY}\n"
    planned = tfgen("plan", "--detailed-exitcode").expect(0)
    assert "No changes" in planned.out
    assert " init" not in planned.err, "the init that was just made counts"


def test_without_any_backend_block_a_file_is_written(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo({**TOY, "packer/web.json": JSON})
    tfgen("sync").expect(0)
    before = applied(root)
    tfgen(*INIT, "--key", "team/x.tfstate").expect(0)
    assert (root / BACKEND).read_text().startswith('terraform {\n  backend "s3" {\n')
    terraform(root, "fmt", "-check")
    assert json.loads(aws.body("team/x.tfstate"))["resources"] == before["resources"]
    assert not (root / STATE).exists() or not (root / STATE).read_bytes()
    assert len(list((root / ".tfgen/backup").iterdir())) == 1


def test_state_that_lies_elsewhere_is_moved_too(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo({**FILES, BACKEND: LOCAL.replace("terraform.tfstate", "../my.tfstate")})
    tfgen("sync").expect(0)
    terraform(root, "init", "-input=false")
    terraform(root, "apply", "-auto-approve", "-input=false")
    before = json.loads((root / "terraform/my.tfstate").read_text())
    (root / ROOT / ".terraform/terraform.tfstate").unlink()  # as in a new clone beside a kept state
    tfgen(*INIT).expect(0)
    assert json.loads(aws.body())["resources"] == before["resources"]
    tfgen("plan", "--detailed-exitcode").expect(0)


def test_another_clone_needs_an_init_only(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo(FILES)
    tfgen("sync").expect(0)
    applied(root)
    tfgen(*INIT).expect(0)
    written = (root / BACKEND).read_text()
    repo({**FILES, BACKEND: written}, name="clone")
    tfgen("sync").expect(0)
    tfgen("plan", "--detailed-exitcode").expect(0)
    assert tfgen(*INIT).expect(0).out.startswith("unchanged:")


def test_a_policy_that_is_there_is_kept(repo: Repo, tfgen: Command, aws: Aws) -> None:
    repo(FILES)
    aws.make()
    mine = {
        "Sid": "Mine",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObjectVersion",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    policy = {"Version": "2012-10-17", "Id": "team", "Statement": [mine]}
    aws.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    aws.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "Owner", "Value": "us"}]})
    key = "arn:aws:kms:eu-west-1:123456789012:key/1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    aws.s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]},
    )
    done = tfgen(*INIT).expect(0)
    assert "created bucket" not in done.out
    assert "encryption" not in done.out
    found = aws.configuration()
    statements = json.loads(found["Policy"])["Statement"]
    assert (statements[0], statements[1]["Sid"], len(statements)) == (mine, "TfgenTlsOnly", 2)
    assert json.loads(found["Policy"])["Id"] == "team"
    assert {tag["Key"]: tag["Value"] for tag in found["TagSet"]} == {"Owner": "us", "ManagedBy": "tfgen"}
    default = found["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    assert default == encryption
    assert f'kms_key_id   = "{key}"' in Path(BACKEND).read_text()


@pytest.mark.parametrize("key", [{}, {"KMSMasterKeyID": "alias/team"}])
def test_terraform_leaves_a_key_that_it_cannot_name_to_the_bucket(
    repo: Repo, tfgen: Command, aws: Aws, key: dict[str, str]
) -> None:
    """`encrypt = true` alone would encrypt the state with S3's key instead of the bucket's."""
    repo(FILES)
    aws.make()
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **key}}
    aws.s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    tfgen(*INIT).expect(0)
    assert "encrypt" not in Path(BACKEND).read_text()
    assert "kms" not in Path(BACKEND).read_text()


def test_terraform_before_1_10_gets_a_lock_table(repo: Repo, tfgen: Command, aws: Aws, older: str) -> None:
    root = repo({**FILES, "terraform/pipelines/more.tf": 'terraform {\n  required_version = ">= 1.6"\n}\n'})
    done = tfgen(*INIT, "--terraform", older).expect(0)
    assert f"created DynamoDB table {BUCKET}-lock" in done.out
    text = (root / BACKEND).read_text()
    assert f'dynamodb_table = "{BUCKET}-lock"' in text
    assert "use_lockfile" not in text
    table = aws.emulator.client("dynamodb").describe_table(TableName=f"{BUCKET}-lock")["Table"]
    assert table["KeySchema"] == [{"AttributeName": "LockID", "KeyType": "HASH"}]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert tfgen(*INIT, "--terraform", older).expect(0).out.startswith("unchanged:")
    # A real Terraform locks with it.
    tfgen("sync").expect(0)
    tfgen("plan", "--out", "saved").expect(0)
    tfgen("apply", "saved").expect(0)
    items = aws.emulator.client("dynamodb").scan(TableName=f"{BUCKET}-lock")["Items"]
    assert [item["LockID"]["S"] for item in items] == [f"{BUCKET}/{KEY}-md5"]


def test_use_lockfile_and_a_terraform_that_does_not_know_it(repo: Repo, tfgen: Command, aws: Aws, older: str) -> None:
    repo(FILES)
    tfgen(*INIT).expect(0)
    refused = tfgen(*INIT, "--terraform", older).expect(1)
    assert (
        f"{BACKEND}:3: the backend has use_lockfile, which terraform 1.9.8 does not support; use 1.10 or newer"
        in refused.err
    )


def test_a_backend_without_a_lock_is_said(repo: Repo, tfgen: Command, aws: Aws) -> None:
    repo(FILES)
    tfgen(*INIT).expect(0)
    file = Path(BACKEND)
    file.write_text(file.read_text().replace("    use_lockfile = true\n", ""))
    assert f"warning: {BACKEND}:3: this backend has no lock" in tfgen(*INIT).expect(0).err


def test_a_lock_table_that_the_backend_does_not_name_is_refused(repo: Repo, tfgen: Command, aws: Aws) -> None:
    repo(FILES)
    tfgen(*INIT).expect(0)
    assert (
        f"{BACKEND}:3: the backend does not have dynamodb_table" in tfgen(*INIT, "--lock-table", "locks").expect(3).err
    )
    assert aws.emulator.client("dynamodb").list_tables()["TableNames"] == []


def test_a_table_of_another_shape_is_refused(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo(FILES)
    aws.emulator.client("dynamodb").create_table(
        TableName="locks",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
    )
    refused = tfgen(*INIT, "--lock-table", "locks").expect(3)
    assert "its key is not LockID" in refused.err
    assert (root / BACKEND).read_text() == FILES[BACKEND]


@pytest.fixture
def older(tmp_path: Path) -> str:
    """The real Terraform, but for the version that it says."""
    from tfgen.terraform.binary import find_terraform

    file = tmp_path / "terraform"
    version = '{"terraform_version": "1.9.8", "platform": "linux_amd64", "provider_selections": {}}'
    file.write_text(
        f"#!/bin/sh\ncase $1 in version) echo '{version}'; exit;; esac\nexec '{find_terraform().argv[0]}' \"$@\"\n"
    )
    file.chmod(0o755)
    return str(file)


def test_two_plans_at_once(repo: Repo, tfgen: Command, aws: Aws) -> None:
    """The first reads a pipe to which nobody writes, and holds the lock meanwhile."""
    root = repo({**FILES, "terraform/pipelines/slow.tf": 'output "slow" {\n  value = file("${path.module}/pipe")\n}\n'})
    os.mkfifo(root / ROOT / "pipe")
    tfgen("sync").expect(0)
    with written(root / ROOT / "pipe"):
        tfgen(*INIT).expect(0)
    first = start("plan")
    wait_for_lock(aws)
    second = tfgen("plan").expect(75)
    assert "the state is locked by" in second.err
    assert "since 20" in second.err
    waiting = start("plan", "--lock-timeout", "60s")
    time.sleep(1)
    assert (first.poll(), waiting.poll()) == (None, None)
    with written(root / ROOT / "pipe"):
        for process in (first, waiting):
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, out + err
    assert aws.objects() == []


def wait_for_lock(aws: Aws) -> None:
    deadline = time.monotonic() + 30
    while f"{KEY}.tflock" not in aws.objects():
        assert time.monotonic() < deadline, "no plan has taken the lock"
        time.sleep(0.1)


@contextmanager
def written(pipe: Path) -> Iterator[None]:
    """Whoever reads the pipe gets a letter."""
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.02):
            try:
                descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue  # nobody reads it now
            try:
                os.write(descriptor, b"x")
            except BrokenPipeError:
                pass
            finally:
                os.close(descriptor)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_held_lock_stops_the_move(repo: Repo, tfgen: Command, aws: Aws) -> None:
    root = repo(FILES)
    tfgen("sync").expect(0)
    before = applied(root)
    aws.make()
    lock = {"ID": "1b4e28ba", "Operation": "OperationTypeApply", "Who": "ci@runner", "Created": "2026-01-02T03:04:05Z"}
    aws.put(f"{KEY}.tflock", json.dumps(lock))
    refused = tfgen(*INIT).expect(75)
    assert "locked by ci@runner since 2026-01-02" in refused.err
    assert "restored" in refused.out
    assert (root / BACKEND).read_text() == FILES[BACKEND]
    assert json.loads((root / STATE).read_text()) == before
    aws.s3.delete_object(Bucket=BUCKET, Key=f"{KEY}.tflock")
    tfgen(*INIT).expect(0)
    assert json.loads(aws.body())["resources"] == before["resources"]
    tfgen("plan", "--detailed-exitcode").expect(0)
