"""The real AWS provider without credentials, network or life: what the user sees. See docs/faults.md."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Repo, write_tree
from tests.terraform.faults import logs, synced
from tests.terraform.toy import processes_in, resources, start

REQUIRED = 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n'
#: A provider that asks AWS who it is, at an address of ours.
ASKING = """\
provider "aws" {{
  region                  = "eu-west-1"
  skip_metadata_api_check = true
  skip_get_ec2_platforms  = true
  max_retries             = 1

  endpoints {{
    sts = "{endpoint}"
  }}
}}

data "aws_caller_identity" "me" {{
}}
"""
#: A provider that asks nobody anything.
MUTE = """\
provider "aws" {
  region                      = "eu-west-1"
  skip_credentials_validation = true
  skip_get_ec2_platforms      = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

data "aws_iam_policy_document" "any" {
  statement {
    actions = ["s3:GetObject"]
  }
}
"""


#: A provider of a constraint.
CONSTRAINED = REQUIRED.replace('hashicorp/aws"', 'hashicorp/aws"\n      version = "{}"')


@pytest.fixture(autouse=True)
def _mirror(cli_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(cli_config))


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """An STS that answers with the first of a list of errors."""
    codes: list[str] = []

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = (
                "<ErrorResponse><Error><Type>Sender</Type>"
                f"<Code>{codes[0]}</Code><Message>The security token included in the request is no good</Message>"
                "</Error><RequestId>1</RequestId></ErrorResponse>"
            ).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", codes
        server.shutdown()


def aws(repo: Repo, tfgen: Command, provider: str) -> Path:
    root = synced(repo, tfgen)
    write_tree(root, {"terraform/pipelines/versions.tf": REQUIRED, "terraform/pipelines/aws.tf": provider})
    return root


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredToken", "the AWS credentials have expired: the keys in AWS_ACCESS_KEY_ID, region eu-west-1"),
        (
            "InvalidClientTokenId",
            "AWS rejected the credentials: the keys in AWS_ACCESS_KEY_ID, region eu-west-1",
        ),
    ],
)
def test_refused_credentials(repo: Repo, tfgen: Command, refusing: tuple[str, list[str]], code: str, says: str) -> None:
    endpoint, codes = refusing
    codes.append(code)
    aws(repo, tfgen, ASKING.format(endpoint=endpoint))
    err = tfgen("plan", AWS_REGION="eu-west-1").expect(1).err
    assert says in err.splitlines()[-1]
    assert code in err, "Terraform's own words are there, too"


def test_missing_credentials(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    aws(repo, tfgen, ASKING.format(endpoint="http://127.0.0.1:9"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    err = tfgen("plan", AWS_PROFILE="ci").expect(1).err
    last = err.splitlines()[-1]
    assert "no AWS credentials found: profile ci, region as configured (AWS_REGION is not set)" in last
    assert "set AWS_PROFILE, or the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in last


def test_no_network_for_init(repo: Repo, tfgen: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CLI_CONFIG_FILE")
    aws(repo, tfgen, MUTE)
    last = tfgen("plan").expect(1).err.splitlines()[-1]
    assert "terraform init failed (exit code 1): the network is not reachable" in last
    assert "check the connection and HTTPS_PROXY" in last


def test_a_long_temporary_folder(repo: Repo, tfgen: Command, tmp_path: Path) -> None:
    """A provider's socket lies there, and the path of a socket has a limit."""
    aws(repo, tfgen, ASKING.format(endpoint="http://127.0.0.1:9"))
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    last = tfgen("plan", TMPDIR=str(folder)).expect(1).err.splitlines()[-1]
    assert "the path of the temporary folder is too long for a provider's socket" in last
    assert "set TMPDIR to a shorter path" in last


def test_a_provider_that_crashes(repo: Repo, tfgen: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        root = aws(repo, tfgen, ASKING.format(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        process = start("plan")
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            for provider in providers(root):
                os.kill(provider, signal.SIGKILL)
            _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    last = err.splitlines()[-1]
    assert f"a provider has crashed; its stack trace is in the log ({os.path.relpath(logs(root, 'plan')[-1])})" in last


def providers(root: Path) -> list[int]:
    """The provider processes that work for the estate in `root`."""
    return [pid for pid, command in processes_in(root).items() if "terraform-provider-" in command.split(" ")[0]]


def test_an_apply_runs_init_when_terraform_asks_for_it(repo: Repo, tfgen: Command) -> None:
    root = aws(repo, tfgen, MUTE)
    tfgen("plan", "--out", "saved").expect(0)
    shutil.rmtree(root / "terraform/pipelines/.terraform/providers")
    err = tfgen("apply", "saved").expect(0).err
    assert err.count("terraform init ...") == err.count("terraform apply ...") == 1
    assert err.index("terraform init ...") < err.index("terraform apply ..."), "the plan is shown before it is applied"
    assert [name for name in resources(root) if name.startswith("module.")] == [
        "module.db.pipeline",
        "module.web.pipeline",
    ]


@pytest.mark.both
def test_a_constraint_that_excludes_what_is_locked(repo: Repo, tfgen: Command, product: str) -> None:
    root = synced(repo, tfgen)
    required = root / "terraform/pipelines/required.tf"
    required.write_text(CONSTRAINED.replace("{}", ">= 3.39"))
    tfgen("plan").expect(0)
    required.write_text(CONSTRAINED.replace("{}", ">= 5.70, < 7"))
    last = tfgen("plan").expect(1).err.splitlines()[-1]
    assert f"error: {product} init failed (exit code 1): .terraform.lock.hcl has registry." in last
    assert "/hashicorp/aws 3.39.0, which the constraint >= 5.70.0, < 7.0.0 excludes (log: " in last
    assert f"run: cd terraform/pipelines && {product} init -upgrade; then commit .terraform.lock.hcl" in last
