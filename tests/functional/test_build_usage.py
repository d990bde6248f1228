"""What `tfgen build` is told: names, and flags that go with --local or without it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

import tfgen.codebuild.outcome as outcomes
from tests.conftest import HCL2, JSON, TOML, Command, Repo
from tfgen.build import local as local_build
from tfgen.workspace import Workspace
from tfgen_generators.errors import BusyError, InterruptedRunError, TfgenError

OnOutcome = Callable[[outcomes.BuildOutcome], None]
FILES = {"tfgen.toml": TOML, "packer/web.json": JSON, "packer/db.pkr.hcl": HCL2, "packer/bad.json": '{"builders": '}


@pytest.fixture(autouse=True)
def _repository(repo: Repo) -> None:
    repo(FILES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wbe",), "image 'wbe' not found; did you mean web?"),
        (("x" * 40,), "known: bad, db, web"),
        (("web", "--env", "A=1"), "--env (TFGEN_BUILD_ENV) requires --local"),
        (("web", "--keep"), "--keep (TFGEN_KEEP_SOURCE) requires --local"),
        (("web", "--local", "--no-wait"), "--no-wait cannot be used with --local"),
        (("web", "--local", "--env", "A"), "--env 'A' is not NAME=VALUE"),
        (("web", "--local", "--env", "=1"), "--env '=1' is not NAME=VALUE"),
        (("web", "--local", "--env", "A;B=1"), "--env 'A;B=1' is not NAME=VALUE"),
        (("web", "--timeout", "0"), "Invalid value for '--timeout'"),
        ((), "Missing argument"),
    ],
)
def test_usage(cli: Command, arguments: Sequence[str], message: str) -> None:
    done = cli("build", *arguments).expect(64)
    assert message in done.err
    assert done.out == ""


def test_a_template_that_cannot_be_read_is_said_with_its_line(cli: Command) -> None:
    assert "error: packer/bad.json:1: " in cli("build", "bad").expect(1).err


WEB = outcomes.BuildOutcome(name="web", succeeded=True, ami_id="ami-1", seconds=3723.0, artifacts=".tfgen/x")
FAILED_DB = outcomes.BuildOutcome(name="db", succeeded=False, reason="no\nnetwork", seconds=61.0)


def test_local_hands_over(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    def build(_: Workspace, names: Sequence[str], options: outcomes.LocalOptions, on_outcome: OnOutcome) -> None:
        told.extend([names, options])
        on_outcome(WEB)
        on_outcome(FAILED_DB)

    monkeypatch.setattr(local_build, "build_locally", build)
    flags = ("--env", "A=b=c d", "--env", "B=", "--timeout", "5", "--keep", "--region", "eu-west-1")
    done = cli("build", "web", "db", "web", "--local", *flags).expect(1)
    wanted = outcomes.LocalOptions(
        environment={"A": "b=c d", "B": ""}, timeout_minutes=5, keep=True, region="eu-west-1"
    )
    assert told == [("web", "db"), wanted]
    assert done.out.splitlines() == [
        "NAME  RESULT     AMI    REGION  TIME   ARTIFACTS",
        "web   succeeded  ami-1  -       1h02m  .tfgen/x",
        "db    failed     -      -       1m01s  -",
    ]
    assert done.err == "error: db: no\\nnetwork\n"


@pytest.mark.parametrize(
    ("error", "code"), [(InterruptedRunError("interrupted"), 130), (BusyError("db is being built here"), 75)]
)
def test_what_was_built_here_before_an_error_is_printed(
    cli: Command, monkeypatch: pytest.MonkeyPatch, error: TfgenError, code: int
) -> None:
    def build(_: Workspace, __: Sequence[str], ___: outcomes.LocalOptions, on_outcome: OnOutcome) -> None:
        on_outcome(WEB)
        raise error

    monkeypatch.setattr(local_build, "build_locally", build)
    done = cli("build", "web", "db", "--local", "--format", "json").expect(code)
    assert [each["name"] for each in json.loads(done.out)["builds"]] == ["web"]
    assert done.err == f"error: {error}\n"
