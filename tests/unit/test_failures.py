"""Terraform's and its providers' wordings, as their versions have them, and what tfgen makes of each."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tfgen.terraform.failures import Failure, explain
from tfgen.terraform.processes.process import Finished
from tfgen.terraform.reports.images import RootModules
from tfgen.terraform.reports.record import Record
from tfgen_generators.errors import BusyError, RefusedError, TerraformError, TfgenError

PROFILE = {"AWS_PROFILE": "ci", "AWS_REGION": "eu-west-1"}
MISSING = (
    "no AWS credentials found: profile ci, region eu-west-1 (log: the.log); set AWS_PROFILE, or the keys in "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
EXPIRED = "the AWS credentials have expired: profile ci, region eu-west-1 (log: the.log)"
UNKNOWN = "AWS rejected the credentials: profile ci, region eu-west-1 (log: the.log)"
USED_UP = "a quota of the AWS account is used up: profile ci, region eu-west-1"
NETWORK = "the network is not reachable (log: the.log)"


def failure(
    summary: str,
    detail: str = "",
    *,
    stderr: str = "",
    env: Mapping[str, str] = PROFILE,
    product: str = "terraform",
    command: str = "plan",
) -> TfgenError:
    record = Record(RootModules(images=("web",), shared=frozenset()))
    if summary:
        diagnostic = {"severity": "error", "summary": summary, "detail": detail}
        record.line(json.dumps({"type": "diagnostic", "diagnostic": diagnostic}).encode())
    finished = Finished(code=1, stderr=stderr, interrupted=False, killed=False)
    return explain(Failure(product=product, command=command, finished=finished, record=record, env=env, log="the.log"))


@pytest.mark.parametrize(
    ("summary", "detail", "says"),
    [
        # AWS provider 3
        (
            "error configuring Terraform AWS Provider: no valid credential sources for Terraform AWS Provider found.",
            "Error: NoCredentialProviders: no valid providers in chain. Deprecated.",
            MISSING,
        ),
        (
            "error configuring Terraform AWS Provider: error validating provider credentials",
            (
                "error calling sts:GetCallerIdentity: ExpiredToken: The security token included in the request is "
                "expired"
                "\tstatus code: 403"
            ),
            EXPIRED,
        ),
        (
            "error configuring Terraform AWS Provider: error validating provider credentials",
            (
                "error calling sts:GetCallerIdentity: InvalidClientTokenId: The security token included in the "
                "request is invalid.\n\tstatus code: 403"
            ),
            UNKNOWN,
        ),
        # AWS provider 4 to 6, and the S3 backend
        (
            "No valid credential sources found",
            (
                "Error: failed to refresh cached credentials, no EC2 IMDS role found, "
                "operation error ec2imds: GetMetadata, request send failed, dial tcp 169.254.169.254:80: i/o timeout"
            ),
            MISSING,
        ),
        (
            "configuring Terraform AWS Provider: no valid credential sources for Terraform AWS Provider found.",
            "",
            MISSING,
        ),
        (
            "Retrieving AWS account details: validating provider credentials",
            (
                "retrieving caller identity from STS: "
                "operation error STS: GetCallerIdentity, https response error StatusCode: 403, api error ExpiredToken: "
                "The security token included in the request is expired"
            ),
            EXPIRED,
        ),
        (
            "configuring Terraform AWS Provider: validating provider credentials",
            "api error InvalidClientTokenId",
            UNKNOWN,
        ),
        ("error refreshing cached SSO token", "the SSO session has expired or is invalid: expected RFC3339", EXPIRED),
        (
            "No valid credential sources found",
            (
                "Error: failed to refresh cached credentials, refresh cached SSO token "
                "failed, unable to refresh SSO token, operation error SSO OIDC: CreateToken, InvalidGrantException"
            ),
            EXPIRED,
        ),
        ("failed to get shared config profile, ci", "", MISSING),
        (
            "Error: reading EC2 Instances",
            ("api error UnrecognizedClientException: The security token included in the request is invalid"),
            UNKNOWN,
        ),
        (
            "creating IAM Role (x)",
            (
                "api error AccessDenied: User: arn:aws:iam::123456789012:user/x is not authorized to "
                "perform: iam:CreateRole"
            ),
            "these AWS credentials do not have the permission: profile ci, region eu-west-1",
        ),
        (
            "creating IAM Role (x)",
            (
                "api error AccessDenied: User: arn:aws:iam::123456789012:user/x is not authorized to perform: "
                "iam:CreateRole on resource: arn:aws:iam::123456789012:role/x with an explicit deny in a permissions "
                "boundary"
            ),
            "a permissions boundary forbids it: profile ci, region eu-west-1",
        ),
        (
            "putting IAM Role Policy (x)",
            (
                "api error AccessDenied: User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: "
                "iam:PutRolePolicy because no permissions boundary allows the iam:PutRolePolicy action"
            ),
            "a permissions boundary forbids it: profile ci, region eu-west-1",
        ),
        # Quotas: IAM, EventBridge, CodeBuild, S3
        ("creating IAM Role (x)", "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000", USED_UP),
        (
            "putting IAM Role Policy (x)",
            "api error LimitExceeded: Maximum policy size of 10240 bytes exceeded for role x",
            USED_UP,
        ),
        (
            "putting EventBridge Rule (x)",
            "LimitExceededException: The requested resource exceeds the maximum number allowed.",
            USED_UP,
        ),
        (
            "creating CodeBuild Project (x)",
            "AccountLimitExceededException: Cannot have more than 5000 projects",
            USED_UP,
        ),
        ("creating S3 Bucket (x)", "TooManyBuckets: You have attempted to create more buckets than allowed", USED_UP),
        ("reading EC2 Subnets", "api error RequestLimitExceeded: Request limit exceeded.", "terraform plan failed"),
        # The network
        (
            "Failed to query available provider packages",
            (
                "Could not retrieve the list of available versions for provider "
                "hashicorp/aws: could not connect to registry.example: failed to request discovery document: Get "
                '"https://registry.example/.well-known/terraform.json": dial tcp: lookup registry.example: no such host'
            ),
            NETWORK,
        ),
        ("Failed to install provider", 'Get "https://releases.example/x": net/http: TLS handshake timeout', NETWORK),
        # Programs
        (
            "Plugin did not respond",
            (
                "The plugin encountered an error, and failed to respond to the "
                "plugin.(*GRPCProvider).PlanResourceChange call."
            ),
            "a provider has crashed; its stack trace is in the log",
        ),
        (
            "Request cancelled",
            "The plugin.(*GRPCProvider).ReadResource request was cancelled.\n\nexecution halted",
            "failed (exit code 1) (log",
        ),
        (
            "Request cancelled",
            "The plugin.(*GRPCProvider).ConfigureProvider request was cancelled.",
            "a provider has crashed; its stack trace is in the log",
        ),
        # The state
        (
            "Error refreshing state: state data in S3 does not have the expected content.",
            "",
            "the state cannot be read",
        ),
        (
            "Error acquiring the state lock",
            "2 problems:\n\n- Unsupported state file format: not JSON",
            "the state cannot be read",
        ),
        ("Failed to write plan file", "write saved: no space left on device", "the disk is full"),
        ("Backend configuration changed", "", "the backend has changed"),
    ],
)
def test_a_cause_and_a_way_out(summary: str, detail: str, says: str) -> None:
    error = failure(summary, detail)
    assert isinstance(error, TerraformError)
    assert says in str(error)
    assert str(error).startswith("terraform plan failed (exit code 1)")


def test_a_version_that_is_not_there_is_no_trouble_with_the_network() -> None:
    error = failure("Failed to query available provider packages", "no available releases match the given constraints")
    assert str(error) == "terraform plan failed (exit code 1) (log: the.log)"


def test_an_expired_sso_profile_is_told_how_to_renew_it() -> None:
    assert "with SSO: aws sso login --profile ci" in str(failure("ExpiredToken"))
    assert "with SSO: aws sso login)" in str(failure("ExpiredToken", env={}))


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "profile default (AWS_PROFILE is not set), region as configured (AWS_REGION is not set)"),
        ({"AWS_PROFILE": "ci", "AWS_DEFAULT_REGION": "us-east-1"}, "profile ci, region us-east-1"),
        ({"AWS_ACCESS_KEY_ID": "test", "AWS_REGION": "x"}, "the keys in AWS_ACCESS_KEY_ID, region x"),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "f", "AWS_ROLE_ARN": "arn:r"},
            "the role arn:r of AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
    ],
)
def test_the_credentials_and_the_region_in_use(env: Mapping[str, str], says: str) -> None:
    assert says in str(failure("No valid credential sources found", env=env))


def test_a_lock_on_s3() -> None:
    info = (
        "Error message: operation error S3: PutObject, api error PreconditionFailed: At least one of the "
        "pre-conditions you specified did not hold\nLock Info:\n  ID:        0ca2-11\n  Path:      b/k\n  Operation: "
        "OperationTypePlan\n  Who:       ci@runner\n  Version:   1.11.4\n  Created:   2026-11-22 21:35:02.948 "
        "+0000 UTC\n  Info:      \n\n\nTerraform acquires a state lock"
    )
    error = failure("Error acquiring the state lock", info)
    assert isinstance(error, BusyError)
    assert "locked by ci@runner since 2026-11-22 21:35:02 UTC (plan, lock 0ca2-11)" in str(error)
    assert str(error).endswith("terraform -chdir=. force-unlock 0ca2-11")


def test_a_lock_that_cannot_be_asked_for_is_no_held_one() -> None:
    error = failure("Error acquiring the state lock", "api error AccessDenied: Access Denied")
    assert isinstance(error, TerraformError)
    assert "do not have the permission" in str(error)


@pytest.mark.parametrize(
    "summary",
    ["Saved plan is stale", "Saved plan does not match the given state", 'Failed to load "saved" as a plan file'],
)
def test_a_plan_that_is_not_for_this_state(summary: str) -> None:
    assert isinstance(failure(summary), RefusedError)


def test_what_debugging_prints_is_no_cause() -> None:
    """With TF_LOG stderr is full of words; the errors alone count, when there are some."""
    assert "network" not in str(failure("Invalid reference", stderr="[DEBUG] dial tcp: i/o timeout"))
    assert "network" in str(failure("", stderr="Error: dial tcp: i/o timeout"))


INIT = (
    "\nError: Failed to install provider\n\nError while installing hashicorp/null v1.0.0: the local package for\n"
    "registry.terraform.io/hashicorp/null 1.0.0 doesn't match any of the checksums\npreviously recorded in the "
    "dependency lock file (this might be because the\navailable checksums are for packages targeting different "
    "platforms); for more\ninformation:\nhttps://developer.hashicorp.com/terraform/language/files/dependency-lock#checksum-verification\n"
)
PLAN = (
    "The installed provider plugins are not consistent with the packages selected in the dependency lock file:\n  - "
    "registry.terraform.io/hashicorp/null: the cached package for registry.terraform.io/hashicorp/null 1.0.0 (in "
    ".terraform/providers) does not match any of the checksums recorded in the dependency lock file"
)
BARRED = INIT.replace("\n", "\n\u2502 ")


@pytest.mark.parametrize(
    ("summary", "detail", "stderr"),
    [("", "", INIT), ("", "", BARRED), ("Required plugins are not installed", PLAN, "")],
)
@pytest.mark.parametrize(
    ("system", "machine", "platform"),
    [("Linux", "x86_64", "linux_amd64"), ("Darwin", "arm64", "darwin_arm64"), ("Linux", "aarch64", "linux_arm64")],
)
def test_a_lock_file_of_another_platform(
    monkeypatch: pytest.MonkeyPatch, summary: str, detail: str, stderr: str, system: str, machine: str, platform: str
) -> None:
    """Terraform 1.11's words of `init` and `plan`."""
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    error = failure(summary, detail, stderr=stderr)
    assert f"package ({platform}) of registry.terraform.io/hashicorp/null (log" in error.message
    assert f"run: terraform providers lock -platform={platform}; then commit it" in str(error.fix)
