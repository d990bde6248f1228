"""`tfgen build` when something comes in between: a person, Ctrl-C, calls that are lost or refused, a late log."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Command, Repo
from tests.terraform.aws_proxy import Answer, Call, proxy
from tests.terraform.pipelines_on_aws import AMI, DB, FILES, WEB, Pipelines
from tests.terraform.state_estate import Aws
from tests.terraform.toy import start, terminal
from tfgen.aws.pipelines.executions import PipelineRun
from tfgen.aws.session import open_account
from tfgen.build.follow import Following, follow, how_to_stop
from tfgen.build.follow import start as follow_start
from tfgen.build.progress import PlainTeller
from tfgen.emulator.pipeline_run import Play, played
from tfgen_generators.errors import TfgenError

LATE = "the last line"
CONSOLE = f"https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/{WEB}/view?region=eu-west-1"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFGEN_POLL", "0.01")


@pytest.fixture
def pipelines(aws: Aws, repo: Repo) -> Pipelines:
    repo(FILES)
    return Pipelines(client=aws.emulator.client)


@pytest.fixture
def web(pipelines: Pipelines) -> Pipelines:
    pipelines.make(WEB)
    return pipelines


def refusal(code: str, message: str = "no") -> str:
    return json.dumps({"__type": code, "message": message})


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What it says on stderr up to the line with `text`."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"{text!r} never came:\n{said}")


@contextmanager
def building(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = start("build", *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_an_approval_is_said_and_waited_for(pipelines: Pipelines) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:approvers"
    pipelines.make(WEB, approval={"CustomData": "look at the\nticket", "NotificationArn": topic})
    with building("web") as process:
        said = read_until(process, topic)
        pipelines.approve(WEB, "Approved", "fine")
        out, rest = process.communicate(timeout=60)
    assert f"web > Approve is waiting for approval: {CONSOLE}\n" in said
    assert "web > Approve: look at the\\nticket\n" in said
    assert (process.returncode, out.splitlines()[1].split()[:3]) == (0, ["web", "succeeded", AMI])
    assert (said + rest).count("is waiting for approval") == 1


def test_a_rejection_is_the_reason(pipelines: Pipelines) -> None:
    pipelines.make(WEB, approval={})
    with building("web") as process:
        read_until(process, "is waiting for approval")
        pipelines.approve(WEB, "Rejected", "not on a Friday")
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 1
    assert rest.endswith("error: web: stage Approve failed: not on a Friday\n")


def test_a_disabled_transition_is_said(web: Pipelines) -> None:
    with played(WEB, Play(disabled="closed for the holidays")) as play, building("web") as process:
        read_until(process, "web > waiting: the transition to stage Build is disabled: closed for the holidays")
        play.disabled = ""
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_long_silence_is_broken(web: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFGEN_HEARTBEAT", "0.1")
    with played(WEB, Play(hold="INSTALL")) as play, building("web") as process:
        said = read_until(process, "still building after")
        while "(Build: INSTALL)" not in said:
            said = read_until(process, "still building after")
        play.hold = ""
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_stopped_execution_says_why(web: Pipelines) -> None:
    with played(WEB, Play(hold="Source")) as play, building("web") as process:
        read_until(process, "Source started")
        execution = web.executions(WEB)[0]["pipelineExecutionId"]
        stop = web.client("codepipeline").stop_pipeline_execution
        stop(pipelineName=WEB, pipelineExecutionId=execution, reason="wrong branch")
        said = read_until(process, "web > stopping")
        play.hold = ""
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert rest.endswith("error: web: it was stopped: wrong branch\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_the_builds_and_says_how_to_stop_them(web: Pipelines, number: signal.Signals) -> None:
    web.make(DB)
    done, held = Play(log={"BUILD": ["x"]}), Play(hold="INSTALL")
    with played(DB, done), played(WEB, held), building("web", "db") as process:
        read_until(process, "db  > succeeded after ")
        process.send_signal(number)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["db", "succeeded"]], "what is done is not lost"
    (execution,) = web.executions(WEB)
    stop = f"--pipeline-name {WEB} --pipeline-execution-id {execution['pipelineExecutionId']}"
    assert execution["status"] == "InProgress"
    assert f"web is still running: {CONSOLE}\n" in said
    assert f"aws codepipeline stop-pipeline-execution {stop} --abandon --region eu-west-1\n" in said
    assert f"aws codebuild stop-build --id {WEB}:" in said
    assert "db is still running" not in said
    assert said.endswith("error: interrupted: stopped waiting for the builds; still running: web\n")


def test_after_the_time_of_timeout_it_is_not_followed(web: Pipelines) -> None:
    run = PipelineRun(open_account(None), WEB)
    teller = PlainTeller(["web"])
    build = Following("web", run, teller)
    with played(WEB, Play(hold="Source")):
        follow_start([build])
        with pytest.raises(TfgenError, match="timeout before all images were built"):
            follow([build], teller, seconds=0.1)
    assert how_to_stop([build])[0] == f"web is still running: {CONSOLE}"


def test_a_superseded_execution_names_the_newer_one(web: Pipelines) -> None:
    with played(WEB, Play(ends_as="Superseded", hold="Source")) as play, building("web") as process:
        read_until(process, "Source started")
        newer = web.client("codepipeline").start_pipeline_execution(name=WEB)["pipelineExecutionId"]
        play.hold = ""
        _, rest = process.communicate(timeout=60)
    assert rest.endswith(f"superseded by a newer execution: see {newer}\n")


def test_a_start_whose_answer_is_lost_starts_one(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[bytes] = []

    def lose(call: Call) -> Answer:
        if b"clientRequestToken" not in call.body or lost:
            return None
        lost.append(call.body)
        web.client("codepipeline").start_pipeline_execution(**json.loads(call.body))
        return 500, refusal("InternalFailure")

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with proxy(aws.emulator.endpoint, lose) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        cli("build", "web").expect(0)
    assert (len(lost), len(web.executions(WEB))) == (1, 1)


def test_the_end_of_the_log_may_come_late(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[str] = []

    def write_late(call: Call) -> None:
        asked = json.loads(call.body) if b"logStreamName" in call.body else {}
        if asked and not late and web.executions(WEB)[0]["status"] == "Succeeded":
            event = {"timestamp": int(time.time() * 1000), "message": LATE}
            where = {name: asked[name] for name in ("logGroupName", "logStreamName")}
            late.append(LATE)
            web.client("logs").put_log_events(**where, logEvents=[event])

    with played(WEB, Play(log={"BUILD": ["x"]})), proxy(aws.emulator.endpoint, lambda _: None, write_late) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("build", "web").expect(0)
    assert late
    assert done.err.splitlines()[-2] == f"web | {LATE}"


def test_a_log_that_may_not_be_read_is_said_once(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(call: Call) -> Answer:
        return (400, refusal("AccessDeniedException")) if b"logStreamName" in call.body else None

    with played(WEB, Play(log={"BUILD": ["x"]})), proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("build", "web").expect(0)
    assert (
        done.err.count("web > the build's log cannot be read: AWS refused logs get_log_events: no (AccessDenied") == 1
    )
    assert done.out.splitlines()[1].split()[:3] == ["web", "succeeded", AMI]


def test_a_build_that_may_not_be_read_is_said_once(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(call: Call) -> Answer:
        return (400, refusal("AccessDeniedException")) if b'"ids"' in call.body else None

    with played(WEB, Play(log={"BUILD": ["x"]})), proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("build", "web").expect(0)
    assert done.err.count("web > the build cannot be read: AWS refused codebuild batch_get_builds: no (Acc") == 1
    assert done.out.splitlines()[1].split()[:3] == ["web", "succeeded", AMI]


def test_what_was_started_before_a_refusal_is_printed(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.make(DB)

    def deny(call: Call) -> Answer:
        refused = b"clientRequestToken" in call.body and DB.encode() in call.body
        return (400, refusal("AccessDeniedException")) if refused else None

    with proxy(aws.emulator.endpoint, deny) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("build", "web", "db", "--no-wait", "--format", "json").expect(1)
    (started,) = json.loads(done.out)["executions"]
    assert started["execution_id"] == web.executions(WEB)[0]["pipelineExecutionId"]
    assert done.err.startswith(f"web is still running: {CONSOLE}\n")
    assert "error: AWS refused codepipeline start_pipeline_execution" in done.err.splitlines()[-1]


def test_a_session_that_expires_ends_the_following_alone(
    web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expire(call: Call) -> Answer:
        begun = b'"ids"' in call.body
        return (400, refusal("ExpiredTokenException", "The security token is expired")) if begun else None

    with proxy(aws.emulator.endpoint, expire) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        done = cli("build", "web").expect(1)
    assert f"web is still running: {CONSOLE}\n" in done.err
    assert "The security token is expired (ExpiredTokenException" in done.err.splitlines()[-1]
    assert "sign in again" in done.err.splitlines()[-1]


def test_on_a_terminal_there_is_a_line_for_each_image(web: Pipelines) -> None:
    with played(WEB, Play(log={"BUILD": ["[bold]a line[/bold]"]}, hold="PRE_BUILD")) as play:
        shown = terminal("build", "web")
        shown.expect(r"web  Build: PRE_BUILD .*0:00:0[1-9]")
        play.hold = ""
        shown.expect_exact("web | [bold]a line[/bold]")
        shown.expect(rf"web +succeeded +{AMI} +eu-west-1")
        shown.wait()
    assert shown.exitstatus == 0


def test_without_a_network_it_says_so(web: Pipelines, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    said = cli("build", "web").expect(1).err
    assert said.startswith("error: AWS request failed (sts get_caller_identity): ")
    assert said.endswith("check the network connection and the region\n")


def test_a_portal_answers_for_aws(web: Pipelines, aws: Aws, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(aws.emulator.endpoint, lambda *_: (200, "<html>Sign in to the hotel's network")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        said = cli("build", "web").expect(1).err
    assert said.startswith("error: AWS request failed (sts get_caller_identity): Unable to parse response")
    assert "check the network connection" in said
