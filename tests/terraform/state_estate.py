"""A repository, the emulator as its AWS, and buckets as they are found: what the tests of the state share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tfgen.aws.clients import AwsClient, client
from tfgen.emulator.server import Emulator
from tfgen.terraform.binary import find_terraform

BUCKET = "team-state"
KEY = "ami-pipelines/terraform.tfstate"
ROOT = "terraform/pipelines"
BACKEND = f"{ROOT}/backend.tf"
STATE = f"{ROOT}/terraform.tfstate"
LOCAL = 'terraform {\n  backend "local" {\n    path = "terraform.tfstate"\n  }\n}\n'
LOCKS = "old versions of the lock expire"
SETTINGS = [
    "tag ManagedBy = tfgen",
    "public access blocked",
    "ACLs off (BucketOwnerEnforced)",
    "versioning on",
    "encryption on (AES256)",
    "TLS only",
    LOCKS,
]
STATE_FILE = {"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "other", "outputs": {}}
RESOURCE = {"mode": "managed", "type": "x", "name": "y", "provider": "p", "instances": [{"attributes": {"id": "1"}}]}


@dataclass(frozen=True, kw_only=True)
class Aws:
    """The emulator's S3 as a person looks at it."""

    emulator: Emulator

    @property
    def s3(self) -> AwsClient:
        return self.emulator.client("s3")

    def make(self, name: str = BUCKET, region: str = "eu-west-1") -> None:
        s3 = client("s3", region=region, endpoint_url=self.emulator.endpoint)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})

    def put(self, key: str, body: str, name: str = BUCKET) -> None:
        self.s3.put_object(Bucket=name, Key=key, Body=body.encode())

    def objects(self, name: str = BUCKET) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=name).get("Contents", [])]

    def body(self, key: str = KEY, name: str = BUCKET) -> str:
        data: bytes = self.s3.get_object(Bucket=name, Key=key)["Body"].read()
        return data.decode()

    def buckets(self) -> list[str]:
        return [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]

    def configuration(self, name: str = BUCKET) -> dict[str, Any]:
        """Every part of it that a state bucket needs; None where there is nothing."""
        s3 = self.s3
        asked: dict[str, Callable[..., dict[str, Any]]] = {
            "Status": s3.get_bucket_versioning,
            "ServerSideEncryptionConfiguration": s3.get_bucket_encryption,
            "PublicAccessBlockConfiguration": s3.get_public_access_block,
            "OwnershipControls": s3.get_bucket_ownership_controls,
            "Policy": s3.get_bucket_policy,
            "TagSet": s3.get_bucket_tagging,
            "Rules": s3.get_bucket_lifecycle_configuration,
        }
        return {part: _part(ask, part, name) for part, ask in asked.items()}


def _part(ask: Callable[..., dict[str, Any]], part: str, name: str) -> Any:
    try:
        return ask(Bucket=name).get(part)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return None


def terraform(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*find_terraform().argv, *arguments], cwd=root / ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def applied(root: Path) -> dict[str, Any]:
    """Applies on local state, by Terraform alone; gives that state."""
    terraform(root, "init", "-input=false")
    terraform(root, "apply", "-auto-approve", "-input=false")
    state: dict[str, Any] = json.loads((root / STATE).read_text())
    assert state["resources"]
    return state


def state_text(**changes: object) -> str:
    return json.dumps({**STATE_FILE, "resources": [RESOURCE], **changes})
