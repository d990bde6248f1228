"""`tfgen build` follows pipelines in the emulator to whatever their end is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import TOML, Command, Repo, Result
from tests.terraform.conftest import ROOT, Estate
from tests.terraform.pipelines_on_aws import AMI, DB, FILES, WEB, Pipelines
from tests.terraform.state_estate import Aws
from tfgen.emulator.pipeline_run import Play, played

#: As CodeBuild writes it around what the buildspec's commands say.
REFUSED = "[Container] 2026/11/23 05:33:43.000000 Command did not exit successfully set -e exit status 1"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look without a pause, so that a test takes no longer than it must."""
    monkeypatch.setenv("TFGEN_POLL", "0.01")


@pytest.fixture
def pipelines(aws: Aws, repo: Repo) -> Pipelines:
    """The images web and db, and the pipeline of web."""
    repo(FILES)
    made = Pipelines(client=aws.emulator.client)
    made.make(WEB)
    return made


def build(cli: Command, *arguments: str, play: Play, code: int) -> Result:
    with played(WEB, play):
        return cli("build", "web", *arguments).expect(code)


@contextmanager
def applied(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This repository's own pipeline of wordpress, made by Terraform; the current folder is its repository."""
    estate.init()
    estate.terraform("apply", "-auto-approve", "-input=false", "-no-color")
    repository = estate.folder.parents[1]
    (repository / "packer").mkdir()
    shutil.copy(ROOT / "packer" / "wordpress.json", repository / "packer")
    shutil.copy(ROOT / "tfgen.toml", repository)
    monkeypatch.chdir(repository)
    yield
    estate.terraform("destroy", "-auto-approve", "-input=false", "-no-color")


def test_a_pipeline_that_terraform_made_is_followed_to_success_and_to_failure(
    estate: Estate, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    wordpress = "wordpress-ami-pipeline"
    with applied(estate, monkeypatch):
        with played(wordpress, Play(log={"BUILD": ["==> wordpress: Creating AMI"]})):
            good = cli("build", "wordpress").expect(0)
        with played(
            wordpress, Play(fails_in="BUILD", message="Error while executing command: x. Reason: exit status 1")
        ):
            bad = cli("build", "wordpress").expect(1)
    assert good.out.splitlines()[1].split()[:4] == ["wordpress", "succeeded", AMI, "eu-west-1"]
    assert "wordpress | ==> wordpress: Creating AMI" in good.err
    assert bad.out.splitlines()[1].split()[:3] == ["wordpress", "failed", "-"]
    assert (
        "error: wordpress: stage Build failed: phase BUILD failed: COMMAND_EXECUTION_ERROR: "
        "Error while executing command: x. Reason: exit status 1\n" in bad.err
    )


def test_every_line_of_the_log_comes_once_and_in_order(pipelines: Pipelines, cli: Command) -> None:
    lines = [f"line {number}" for number in range(40)]
    log = {"INSTALL": lines[:1], "PRE_BUILD": lines[1:30], "BUILD": lines[30:33], "UPLOAD_ARTIFACTS": lines[33:]}
    said = build(cli, play=Play(log=log), code=0).err.splitlines()
    assert [line.removeprefix("web | ") for line in said if line.startswith("web | ")] == lines
    ours = ["Source started", "Source succeeded", "Build started", "Build succeeded"]
    ended = said.pop()
    assert [line.removeprefix("web > ") for line in said if line.startswith("web > ")] == ours
    assert said[-1] == "web > Build succeeded"
    assert ended.startswith("web > succeeded after ")


def test_the_log_comes_although_the_history_does_not_name_the_build_yet(pipelines: Pipelines, cli: Command) -> None:
    said = build(cli, play=Play(log={"INSTALL": ["first"], "BUILD": ["x"]}, silent=True), code=0).err.splitlines()
    assert said.index("web | first") < said.index("web > Build succeeded")


def test_text_of_aws_is_data(pipelines: Pipelines, cli: Command) -> None:
    log = {"BUILD": ["\x1b[31mred\x1b[0m \u202e", "[red]x[/red]", "two\nlines", "\x07"]}
    play = Play(log=log, fails_in="BUILD", message="\x1b[2J\nerror: web: another")
    said = build(cli, play=play, code=1).err
    assert "web | \\x1b[31mred\\x1b[0m \\x202e\nweb | [red]x[/red]\nweb | two\nweb | lines\nweb | \\x07\n" in said
    assert "\nerror: web: another" not in said
    assert "phase BUILD failed: COMMAND_EXECUTION_ERROR: \\x1b[2J error: web: another\n" in said


def test_json_has_all_that_is_known(pipelines: Pipelines, cli: Command) -> None:
    (found,) = json.loads(build(cli, "--format", "json", play=Play(), code=0).out)["builds"]
    build_id = found["build_id"]
    assert build_id.startswith(f"{WEB}:")
    assert found.pop("seconds") < 60
    assert found == {
        "name": "web",
        "succeeded": True,
        "reason": "",
        "ami_id": AMI,
        "region": "eu-west-1",
        "build_id": build_id,
        "log": f"https://console.example/logs?group=/aws/codebuild/{WEB}&stream={build_id.partition(':')[2]}",
        "artifacts": "",
    }


def test_what_the_buildspec_says_of_a_failure_is_the_reason(pipelines: Pipelines, cli: Command) -> None:
    log = {"PRE_BUILD": ["buildspec: the template is packer/web.json"], "POST_BUILD": ["buildspec: no AMI", REFUSED]}
    said = build(cli, play=Play(log=log, fails_in="BUILD", message="a whole script"), code=1).err
    assert "error: web: stage Build failed: no AMI\n" in said


def test_what_the_buildspec_said_before_is_no_reason(pipelines: Pipelines, cli: Command) -> None:
    log = {"PRE_BUILD": ["buildspec: the template is packer/web.json", "Error: bad template", REFUSED]}
    said = build(cli, play=Play(log=log, fails_in="PRE_BUILD", message="exit status 1"), code=1).err
    assert "error: web: stage Build failed: phase PRE_BUILD failed: COMMAND_EXECUTION_ERROR: exit status 1\n" in said


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (Play(fails_in="Source", message="no branch main"), "stage Source failed: no branch main"),
        (Play(fails_in="BUILD", status="TIMED_OUT", message=""), "phase BUILD timed out"),
        (
            Play(fails_in="PROVISIONING", status="FAULT", message="m"),
            "phase PROVISIONING had an internal error of CodeBuild",
        ),
        (Play(ends_as="Superseded"), "superseded by a newer execution"),
        (Play(ends_as="Stopped"), "it was stopped"),
        (Play(ends_as="Cancelled"), "its pipeline was changed during the execution (Cancelled)"),
    ],
)
def test_why_it_has_no_ami(pipelines: Pipelines, cli: Command, play: Play, reason: str) -> None:
    done = build(cli, play=play, code=1)
    assert reason in done.err.splitlines()[-1]
    assert done.out.splitlines()[1].split()[:3] == ["web", "failed", "-"]


def test_a_build_that_exports_no_ami_is_said(pipelines: Pipelines, cli: Command) -> None:
    done = build(cli, play=Play(exported={}), code=0)
    assert "web > warning: its build does not export AMI_ID" in done.err
    assert done.out.splitlines()[1].split()[:3] == ["web", "succeeded", "-"]


def test_several_at_once_each_with_its_name(pipelines: Pipelines, cli: Command) -> None:
    pipelines.make(DB)
    log = {"BUILD": ["hello"]}
    with played(WEB, Play(log=log)), played(DB, Play(log=log, fails_in="BUILD", message="m")):
        done = cli("build", "db", "web", "db").expect(1)
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [["db", "failed"], ["web", "succeeded"]]
    said = done.err.splitlines()
    assert said.index("web > Source started") < said.index("db  > Source succeeded"), "they go side by side"
    assert {"db  | hello", "web | hello"} < set(said)
    assert len(pipelines.executions(DB)) == len(pipelines.executions(WEB)) == 1


def test_no_wait_prints_the_executions(pipelines: Pipelines, cli: Command) -> None:
    (first,) = json.loads(cli("build", "web", "--no-wait", "--format", "json").expect(0).out)["executions"]
    assert first == {"name": "web", "pipeline": WEB, "execution_id": first["execution_id"], "region": "eu-west-1"}
    table = cli("build", "web", "--no-wait").expect(0).out.splitlines()
    second = pipelines.executions(WEB)[0]["pipelineExecutionId"]
    assert table[1].split() == ["web", WEB, second, "eu-west-1"]
    assert [each["pipelineExecutionId"] for each in pipelines.executions(WEB)] == [second, first["execution_id"]]
    assert {each["status"] for each in pipelines.executions(WEB)} == {"InProgress"}


def test_without_a_pipeline_none_is_started(pipelines: Pipelines, cli: Command) -> None:
    done = cli("build", "web", "db").expect(1)
    where = "in region eu-west-1 of account 123456789012"
    assert f"error: pipeline {DB} not found {where}; create it with tfgen apply" in done.err
    assert pipelines.executions(WEB) == []


def test_a_name_with_the_account_in_it(pipelines: Pipelines, cli: Command, repo: Repo) -> None:
    toml = f'{TOML}\n[names]\nproject_name = "{{account_id}}-{{name}}"\naccount_id = "var.account"\n'
    repo({**FILES, "tfgen.toml": toml})
    pipelines.make("123456789012-web")
    cli("build", "web").expect(0)


def test_a_name_that_only_terraform_knows(pipelines: Pipelines, cli: Command, repo: Repo) -> None:
    toml = f'{TOML}\n[templates.web.inputs]\nproject_name = {{ expression = "var.name" }}\n'
    repo({**FILES, "tfgen.toml": toml})
    assert "the pipeline name of web in AWS is known only to Terraform; set the module's project_name to a pattern" in (
        cli("build", "web").expect(1).err
    )


def test_another_region_has_its_own_pipelines(pipelines: Pipelines, cli: Command) -> None:
    done = cli("build", "web", "--region", "us-east-1").expect(1)
    assert "pipeline web-ami-pipeline not found in region us-east-1" in done.err


def test_refused_calls_are_tried_again(pipelines: Pipelines, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    play = Play(throttled=3)
    done = build(cli, play=play, code=0)
    assert play.throttled == 0
    assert done.out.splitlines()[1].split()[:3] == ["web", "succeeded", AMI]
    assert len(pipelines.executions(WEB)) == 1
