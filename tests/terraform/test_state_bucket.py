"""`tfgen state init` and buckets that are there already; and AWS that fails, refuses or is not there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import depth
from tests.conftest import JSON, TOY, Command, Repo, Result
from tests.terraform.aws_proxy import Answer, Call, error, proxy, s3_error
from tests.terraform.state_estate import BACKEND, BUCKET, KEY, LOCAL, LOCKS, SETTINGS, Aws, state_text
from tests.terraform.toy import start
from tfgen.aws.clients import client

FILES = {**TOY, "packer/web.json": JSON, BACKEND: LOCAL}
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
SSO = """\
[profile team]
sso_account_id = 123456789012
sso_role_name = x
sso_region = eu-west-1
sso_start_url = http://127.0.0.1:9/start
"""
INIT = ("state", "init", "--bucket", BUCKET)


def refused(cli: Command, *arguments: str) -> Result:
    """Exit 3, and the module is as it was."""
    done = cli(*INIT, *arguments).expect(3)
    assert Path(BACKEND).read_text() == LOCAL
    assert done.out == ""
    return done


def test_another_accounts_bucket_is_not_touched(repo: Repo, cli: Command, aws: Aws) -> None:
    repo(FILES)
    role = "arn:aws:iam::999999999999:role/them"
    keys = aws.emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="them")["Credentials"]
    them = client(
        "s3",
        region="eu-west-1",
        endpoint_url=aws.emulator.endpoint,
        access_key=keys["AccessKeyId"],
        secret_key=keys["SecretAccessKey"],
    )
    them.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert BUCKET not in aws.buckets()
    before = aws.configuration()
    for flags in ((), ("--adopt",)):
        said = refused(cli, *flags)
        assert f"the bucket {BUCKET} does not belong to account 123456789012" in said.err
    assert aws.configuration() == before


def test_a_bucket_in_another_region_is_named_with_it(repo: Repo, cli: Command, aws: Aws) -> None:
    repo(FILES)
    aws.make(region="us-west-2")
    before = aws.configuration()
    assert f"the bucket {BUCKET} is in us-west-2, not in eu-west-1; use --region us-west-2" in refused(cli).err
    assert aws.configuration() == before


def test_the_first_region_has_no_location(repo: Repo, tfgen: Command, aws: Aws) -> None:
    repo(FILES)
    tfgen(*INIT, "--region", "us-east-1").expect(0)
    assert aws.s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    assert tfgen(*INIT, "--region", "us-east-1").expect(0).out.startswith("unchanged:")


def test_a_bucket_with_another_use_needs_adopt(repo: Repo, cli: Command, aws: Aws) -> None:
    repo(FILES)
    aws.make()
    aws.put("logs/2026.txt", "x")
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    before = aws.configuration()
    said = refused(cli)
    lacks = ", ".join(name for name in SETTINGS[1:] if name not in ("versioning on", LOCKS))
    assert (
        f"it holds other objects ('logs/2026.txt'), and it lacks: {lacks}; use another --bucket, or --adopt" in said.err
    )
    assert aws.configuration() == before

    done = cli(*INIT, "--adopt").expect(0)
    assert [line.split(": ")[1] for line in done.out.splitlines()[:5]] == [*lacks.split(", "), LOCKS]
    after = aws.configuration()
    assert after["TagSet"] is None, "it is not tfgen's alone"
    assert after["Policy"]
    assert cli(*INIT).expect(0).out.startswith("unchanged:"), "it lacks nothing now"


def test_a_bucket_that_another_tool_manages_needs_adopt(repo: Repo, cli: Command, aws: Aws) -> None:
    repo(FILES)
    aws.make()
    tags = [{"Key": "ManagedBy", "Value": "terraform"}]
    aws.s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
    assert "its tag ManagedBy is 'terraform', and it lacks: public access blocked" in refused(cli).err
    cli(*INIT, "--adopt").expect(0)
    assert aws.configuration()["TagSet"] == tags


@pytest.mark.parametrize("key", [KEY, f"{KEY}.tflock", f"env:/blue/{KEY}"])
def test_a_bucket_with_our_state_alone_is_completed(repo: Repo, tfgen: Command, aws: Aws, key: str) -> None:
    repo(FILES)
    aws.make()
    aws.put(key, state_text(resources=[]))
    done = tfgen(*INIT).expect(0)
    assert [line.split(": ")[1] for line in done.out.splitlines()[: len(SETTINGS)]] == SETTINGS


RULES = [
    {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}},
    {"ID": "big", "Status": "Disabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
]


def test_a_bucket_of_an_older_release_gets_the_rule_for_locks_and_keeps_its_own(
    repo: Repo, tfgen: Command, aws: Aws
) -> None:
    repo(FILES)
    tfgen(*INIT).expect(0)
    (ours,) = aws.configuration()["Rules"]
    assert ours["Filter"] == {"Prefix": f"{KEY}.tflock"}, "never the state itself"
    assert ours["Expiration"] == {"ExpiredObjectDeleteMarker": True}, "the lock that is held stays"
    aws.s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": RULES})
    theirs = aws.configuration()["Rules"]
    assert tfgen(*INIT).expect(0).out.splitlines() == [f"bucket {BUCKET}: {LOCKS}"]
    assert aws.configuration()["Rules"] == [*theirs, ours]
    assert tfgen(*INIT).expect(0).out.startswith("unchanged:")


def test_what_somebody_turned_off_in_our_bucket_is_turned_on_again(repo: Repo, tfgen: Command, aws: Aws) -> None:
    repo(FILES)
    tfgen(*INIT).expect(0)
    aws.put("other", "x")
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    aws.s3.delete_public_access_block(Bucket=BUCKET)
    done = tfgen(*INIT).expect(0)
    assert done.out.splitlines() == [f"bucket {BUCKET}: public access blocked", f"bucket {BUCKET}: versioning on"]


@depth.deep
@pytest.mark.parametrize("number", range(1, 8, depth.amount(3, 1)))
def test_killed_in_the_middle_the_next_run_finishes(
    repo: Repo, tfgen: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Killed just after the bucket was made, or after each of its settings."""
    repo(FILES)
    writes = 0

    def kill(call: Call) -> None:
        nonlocal writes
        writes += call.method == "PUT"
        if writes == number:
            os.kill(process.pid, signal.SIGKILL)

    with proxy(aws.emulator.endpoint, lambda _: None, kill) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        process = start(*INIT)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.emulator.endpoint)
    done = tfgen(*INIT).expect(0)
    made = [f"bucket {BUCKET}: {name}" for name in SETTINGS]
    assert [line for line in done.out.splitlines() if line.startswith("bucket")] == made[number - 1 :]
    assert tfgen(*INIT).expect(0).out.startswith("unchanged:")


def test_what_aws_did_not_do_is_an_error(repo: Repo, cli: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    repo(FILES)
    monkeypatch.setattr("tfgen.aws.state_bucket.bucket._PAUSE", 0.01)

    def swallow(call: Call) -> Answer:
        return (200, "") if call.method == "PUT" and call.path.endswith("?versioning") else None

    with proxy(aws.emulator.endpoint, swallow) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli(*INIT).expect(1)
    assert f"AWS accepted 'versioning on' for {BUCKET}, but it is not set" in done.err


def sts(code: str, message: str) -> Callable[[Call], Answer]:
    return lambda call: (403, error(code, message)) if b"GetCallerIdentity" in call.body else None


def s3(operation: str, code: str, message: str, status: int = 403) -> Callable[[Call], Answer]:
    return lambda call: (status, s3_error(code, message)) if f"{call.method} {call.path}".endswith(operation) else None


@pytest.mark.parametrize(
    ("answer", "said", "fix"),
    [
        (
            sts("ExpiredToken", "The security token is expired"),
            "The security token is expired (ExpiredToken; ",
            "sign in",
        ),
        (
            sts("InvalidClientTokenId", "The token is invalid."),
            "The token is invalid (InvalidClientTokenId; ",
            "sign in",
        ),
        (
            s3(f"PUT /{BUCKET}?encryption", "AccessDenied", "User x may not"),
            "AWS refused s3 put_bucket_encryption: User x may not (AccessDenied; ",
            "docs/state.md",
        ),
        (s3(f"PUT /{BUCKET}?policy", "SlowDown", "Slow down", 503), "Slow down (SlowDown; ", "try again in a minute"),
        (s3(f"PUT /{BUCKET}?tagging", "Weird", "What\nis this", 400), "(Weird; ", ""),
    ],
)
def test_what_aws_refuses_is_one_line(
    repo: Repo,
    tfgen: Command,
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[Call], Answer],
    said: str,
    fix: str,
) -> None:
    repo(FILES)
    with proxy(aws.emulator.endpoint, answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = tfgen(*INIT, AWS_MAX_ATTEMPTS="2").expect(1)
    (line,) = done.err.splitlines()
    assert said in line
    assert "the keys in AWS_ACCESS_KEY_ID, region eu-west-1" in line
    assert fix in line
    assert Path(BACKEND).read_text() == LOCAL


def test_a_bucket_that_may_be_somebody_else_s(
    repo: Repo, tfgen: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo(FILES)
    with proxy(aws.emulator.endpoint, s3(f"HEAD /{BUCKET}", "", "")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = tfgen(*INIT).expect(3)
    assert f"the bucket {BUCKET} does not belong to account" in done.err
    assert "(AWS error: 403)" in done.err
    assert aws.buckets() == []


def test_a_redirect_to_nowhere_is_one_line(
    repo: Repo, tfgen: Command, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As S3-like servers send it; S3 itself says which region it means."""
    repo(FILES)
    with proxy(aws.emulator.endpoint, s3(f"HEAD /{BUCKET}", "", "", 301)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        (line,) = tfgen(*INIT).expect(1).err.splitlines()
    assert "AWS request failed (s3 head_bucket): redirect without a target (" in line


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"AWS_REGION": ""}, 64, "AWS region not set; use --region, or set AWS_REGION"),
        ({"AWS_PROFILE": "nobody"}, 1, "(nobody) could not be found (profile nobody, region "),
        (NO_KEYS, 1, "Unable to locate credentials (profile default, region eu-west-1); sign in"),
        (
            {**NO_KEYS, "AWS_PROFILE": "team", "AWS_CONFIG_FILE": "config"},
            1,
            "(profile team, region eu-west-1); sign in again (aws sso login",
        ),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 1, "Could not connect to the endpoint URL"),
        (
            {"AWS_ENDPOINT_URL": "nonsense"},
            1,
            "Invalid endpoint: nonsense (the keys in AWS_ACCESS_KEY_ID, region eu-west-1)",
        ),
        ({"AWS_REGION": "mars north"}, 1, "region mars north)"),
        ({"AWS_CONFIG_FILE": "broken"}, 1, "Unable to parse config file: broken"),
    ],
)
def test_what_stands_before_aws(
    repo: Repo,
    cli: Command,
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    code: int,
    said: str,
) -> None:
    repo({**FILES, "broken": "[[", "config": SSO})
    for name, value in {"AWS_MAX_ATTEMPTS": "1", **environment}.items():
        monkeypatch.setenv(name, value)
    done = cli(*INIT).expect(code)
    (line,) = done.err.splitlines()
    assert said in line
    assert aws.buckets() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--bucket", "Team"),
        ("--bucket", "a.b.c"),
        ("--bucket", "ab"),
        ("--bucket", "--x-s3"),
        ("--bucket", "xn--abc"),
        ("--key", ""),
        ("--key", "/a"),
        ("--key", "a/"),
        ("--key", "a//b"),
        ("--key", "a\nb"),
        ("--key", "env:/x"),
        ("--key", "k" * 1025),
        ("--lock-table", "a b"),
    ],
)
def test_bad_names_are_refused_before_aws_is_asked(repo: Repo, cli: Command, arguments: tuple[str, str]) -> None:
    repo(FILES)
    done = cli(*INIT, *arguments).expect(64)
    assert arguments[0] in done.err
    assert "boto3" not in done.err
