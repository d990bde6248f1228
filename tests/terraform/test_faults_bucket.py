"""Faults of a state that is kept in a bucket: what AWS has is never lost from it."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

from tests.conftest import JSON, TOY, Command, Repo
from tests.terraform.state_estate import BACKEND, BUCKET, KEY, LOCAL, ROOT, Aws, terraform

MODULE = "terraform/modules/codepipeline/main.tf"
#: In the middle of an apply the bucket takes no more objects.
CLOSE = f"""
import boto3, json, os
deny = {{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::{BUCKET}/*"}}
policy = json.dumps({{"Version": "2012-10-17", "Statement": [deny]}})
boto3.client("s3", region_name="eu-west-1").put_bucket_policy(Bucket="{BUCKET}", Policy=policy)
"""


def test_a_state_that_the_bucket_refuses_is_kept(repo: Repo, tfgen: Command, aws: Aws) -> None:
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(CLOSE)}"
    closing = f'  provisioner "local-exec" {{\n    command = {json.dumps(command)}\n  }}\n}}\n'
    module = TOY[MODULE].rstrip().removesuffix("}") + closing
    root = repo({**TOY, MODULE: module, "packer/web.json": JSON, BACKEND: LOCAL})
    tfgen("sync").expect(0)
    tfgen("state", "init", "--bucket", BUCKET).expect(0)
    policy = aws.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    tfgen("plan", "--out", "saved").expect(0)
    last = tfgen("apply", "saved").expect(1).err.splitlines()[-1]
    assert f"the state could not be saved and is in {ROOT}/errored.tfstate" in last
    kept = re.search(r"copy: (\.tfgen/backup/errored\.tfstate\.\d{8}-\d{6})", last)
    assert kept is not None, last
    assert [item["module"] for item in json.loads(Path(kept[1]).read_text())["resources"]] == ["module.web"]
    assert KEY not in aws.objects()
    aws.s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    terraform(root, "state", "push", "errored.tfstate")
    (root / ROOT / "errored.tfstate").unlink()
    assert "No changes" in tfgen("plan").expect(0).out
