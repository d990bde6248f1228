"""`tfgen status` on an estate of six images, brought into twelve states by calls of the API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HeadersDict

from tests.conftest import Command, write_tree
from tests.terraform.dispatch_estate import git
from tests.terraform.state_estate import Aws
from tests.terraform.status_estate import FILES, IMAGES, REFUSED, StatusEstate
from tfgen.aws.accounts import SignedIn
from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.runs import failures_since_good, runs_of
from tfgen.aws.session import Account
from tfgen.emulator.pipeline_run import PLAYS, Play
from tfgen.emulator.server import Emulator
from tfgen.status.collect import Options
from tfgen.status.drift.find import ACTIONS
from tfgen.status.model import ImageStatus, Report
from tfgen.status.policy import ALWAYS, CHANNELS, LOGS, WITHOUT_RIGHT
from tfgen.status.run import find_status
from tfgen.status.saved import read_report
from tfgen.workspace import open_workspace

REWRITTEN = "0123456789" * 4


@dataclass(frozen=True)
class Seen:
    """The estate in its first six states and in its second six, what AWS was asked the first time, and its AMIs."""

    estate: StatusEstate
    first: Report
    second: Report
    calls: list[str]
    more_calls: list[str]
    amis: Mapping[str, str]

    def row(self, image: str, report: Report | None = None) -> ImageStatus:
        return next(row for row in (report or self.first).images if row.image == image)


@pytest.fixture(scope="module")
def seen(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    emulator.reset()
    root = write_tree(tmp_path_factory.mktemp("status") / "r", FILES)
    with pytest.MonkeyPatch.context() as patch:
        _use(patch, emulator, root)
        git(root, "init", "-q", "-b", "main")
        estate = StatusEstate(root=root, aws=Aws(emulator=emulator))
        amis = _first_states(estate)
        calls: list[str] = []
        first = _look(patch, calls)
        _second_states(estate, amis)
        more: list[str] = []
        yield Seen(estate, first, _look(patch, more), calls, more, amis)
    PLAYS.clear()


def _use(patch: pytest.MonkeyPatch, emulator: Emulator, root: Path) -> None:
    patch.setenv("AWS_ENDPOINT_URL", emulator.endpoint)
    patch.setenv("AWS_REGION", emulator.region)
    patch.chdir(root)


@pytest.fixture(autouse=True)
def _there(seen: Seen, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(monkeypatch, emulator, seen.estate.root)


def _look(patch: pytest.MonkeyPatch, calls: list[str]) -> Report:
    """The report, with every request that was sent counted."""
    with patch.context() as recording:
        record(recording, calls)
        return find_status(open_workspace(), Options(), quiet=True).report


def record(patch: pytest.MonkeyPatch, calls: list[str]) -> None:
    """Each request as IAM calls its action: botocore's own hook tells of it."""
    made = Account._made

    def recorded(self: Account, service: str) -> Any:
        client = made(self, service)

        def told(model: Any, **_: object) -> None:
            calls.append(f"{service}:{model.name}")

        client.meta.events.register("before-call", told)
        return client

    patch.setattr(Account, "_made", recorded)


def _first_states(estate: StatusEstate) -> dict[str, str]:
    """app: old, behind by README.md alone; base: behind by a role; cache: of a rewritten commit; db: red three times;
    web: waits for an approval; worker: running."""
    first = estate.commit()
    estate.make("app", "base", "cache", "db", "worker")
    estate.make("web", approval={"CustomData": "ship it?"})
    amis = {"app": estate.built("app", first, days=45), "base": estate.built("base", first, days=10)}
    amis["cache"] = estate.built("cache", REWRITTEN, days=2)
    amis["db"] = estate.built("db", first, days=9)
    log = {"POST_BUILD": ["buildspec: no AMI", REFUSED]}
    for days in (6, 4, 2):
        estate.execute("db", first, days=days, play=Play(fails_in="BUILD", message="x", log=log))
    old_parent = estate.ami("base", "base-ami-pipeline:1", first, days=400)
    amis["web"] = estate.ami("web", "web-ami-pipeline:1", first, days=390, parent=old_parent)
    estate.execute("web", first, days=0.01)
    estate.execute("worker", first, days=0.01, play=Play(hold="BUILD"))
    estate.commit({"README.md": "other\n"}, "Only words")
    estate.commit({"ansible/roles/base/tasks/main.yml": "- ping:\n- debug:\n"}, "A task of the role base")
    return amis


def _second_states(estate: StatusEstate, amis: Mapping[str, str]) -> None:
    """app: superseded; base: its AMI is deregistered; cache: a tag is forged; db: no pipeline; web: a disabled
    transition; a pipeline that somebody has made by hand."""
    head = git(estate.root, "rev-parse", "HEAD")
    estate.execute("app", head, play=Play(ends_as="Superseded"))
    ec2, codepipeline = estate.client("ec2"), estate.client("codepipeline")
    ec2.deregister_image(ImageId=amis["base"])
    ec2.create_tags(Resources=[amis["cache"]], Tags=[{"Key": "SourceVersion", "Value": head}])
    codepipeline.delete_pipeline(name="db-ami-pipeline")
    codepipeline.disable_stage_transition(
        pipelineName="worker-ami-pipeline", stageName="Build", transitionType="Inbound", reason="frozen"
    )
    PLAYS.pop("worker-ami-pipeline")
    for _ in range(20):
        codepipeline.get_pipeline_execution(
            pipelineName="worker-ami-pipeline", pipelineExecutionId=_newest(estate, "worker-ami-pipeline")
        )
    estate.make("by-hand")
    estate.client("codebuild").update_project(
        name="by-hand-ami-pipeline",
        environment={
            "type": "LINUX_CONTAINER",
            "image": "i",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "PACKER_SCRIPT", "value": "packer/gone.pkr.hcl"}],
        },
    )


def _newest(estate: StatusEstate, name: str) -> str:
    return str(estate.pipelines.executions(name)[0]["pipelineExecutionId"])


def test_old(seen: Seen) -> None:
    row = seen.row("app")
    assert (row.ami, row.pipeline.state) == (seen.amis["app"], "green")
    assert row.age_days == pytest.approx(45, abs=0.1)
    assert row.execution == row.pipeline.executions[0].id


def test_a_commit_of_the_readme_leaves_it_current(seen: Seen) -> None:
    row = seen.row("app")
    assert (row.behind.verdict, row.superseded_at) == ("no", "")


def test_behind_by_a_role(seen: Seen) -> None:
    row = seen.row("base")
    assert (row.ami, row.behind.verdict) == (seen.amis["base"], "yes")
    assert row.behind.file == "ansible/roles/base/tasks/main.yml"
    assert row.superseded_at


def test_a_rewritten_commit_is_unknown(seen: Seen) -> None:
    row = seen.row("cache")
    assert (row.ami, row.behind.verdict) == (seen.amis["cache"], "unknown")
    assert "not in this repository" in row.behind.why


def test_red_since_the_first_of_the_row_with_the_reason_of_the_log(seen: Seen) -> None:
    row = seen.row("db")
    assert (row.ami, row.pipeline.state, row.pipeline.failures) == (seen.amis["db"], "red", 3)
    assert row.pipeline.reason == "stage Build failed: no AMI"
    assert row.pipeline.since == row.pipeline.executions[2].ended_at
    assert [each.status for each in row.pipeline.executions] == ["Failed", "Failed", "Failed", "Succeeded"]


def test_waiting_for_an_approval(seen: Seen) -> None:
    pipeline = seen.row("web").pipeline
    assert (pipeline.state, pipeline.reason) == ("waiting", "Approve waits for approval")


def test_a_parent_with_a_newer_ami(seen: Seen) -> None:
    row = seen.row("web")
    assert (row.ami, row.parents, row.parent_stale) == (seen.amis["web"], ("base",), True)


def test_running(seen: Seen) -> None:
    row = seen.row("worker")
    assert (row.ami, row.pipeline.state) == (None, "running")


def test_superseded(seen: Seen) -> None:
    assert seen.row("app", seen.second).pipeline.state == "superseded"


def test_a_deregistered_ami_is_said_and_an_older_good_one_named(seen: Seen) -> None:
    row = seen.row("base", seen.second)
    assert row.ami not in (None, seen.amis["base"])
    assert row.notes == (f"{seen.amis['base']}, of its last good execution, is not there any more (deregistered)",)


def test_a_forged_tag_is_no_good_ami(seen: Seen) -> None:
    row = seen.row("cache", seen.second)
    assert row.ami is None
    forged = next(each for each in row.drift if each.field == "SourceVersion")
    assert (forged.between, forged.expected) == ("ami/code", REWRITTEN)
    assert "SourceVersion" in row.notes[0]


def test_no_pipeline(seen: Seen) -> None:
    row = seen.row("db", seen.second)
    assert (row.ami, row.pipeline.state) == (seen.amis["db"], "missing")
    assert ("image", "db") in [(each.kind, each.name) for each in seen.second.orphans]


def test_a_disabled_transition(seen: Seen) -> None:
    pipeline = seen.row("worker", seen.second).pipeline
    assert (pipeline.state, pipeline.reason) == ("disabled", "the transition to stage Build is disabled: frozen")


def test_a_pipeline_by_hand_is_an_orphan(seen: Seen) -> None:
    assert not [each for each in seen.first.orphans if each.kind == "pipeline"]
    assert [each.name for each in seen.second.orphans if each.kind == "pipeline"] == ["by-hand-ami-pipeline"]


def test_calls(seen: Seen) -> None:
    """Two for each pipeline, one for each log, and what is asked once."""
    each = [f"codepipeline:{name}" for name in ("ListPipelineExecutions", "GetPipelineState")] * len(IMAGES)
    once = ["sts:GetCallerIdentity", "ec2:DescribeImages", "codepipeline:ListPipelines", "events:ListRules"]
    once += ["codebuild:BatchGetProjects", "logs:GetLogEvents"]
    found = [call for call in seen.calls if call != "codebuild:BatchGetBuilds"]
    assert sorted(found) == sorted(each + once)
    assert seen.calls.count("codebuild:BatchGetBuilds") <= 2


def test_the_policy_has_exactly_what_was_asked(seen: Seen, cli: Command) -> None:
    asked = {*seen.calls, *seen.more_calls}
    assert asked == {*ALWAYS, *LOGS, *WITHOUT_RIGHT}
    statements = {each["Sid"]: each for each in json.loads(cli("status", "--iam-policy").expect(0).out)["Statement"]}
    assert {*statements["Status"]["Action"], *statements["Logs"]["Action"]} == asked - WITHOUT_RIGHT
    assert statements["Drift"]["Action"] == sorted({*ACTIONS} - {*ALWAYS})
    assert statements["Logs"]["Resource"] == "arn:aws:logs:*:*:log-group:/aws/codebuild/*"


def test_a_policy_of_china(seen: Seen, cli: Command) -> None:
    said = cli("status", "--iam-policy", "--region", "cn-north-1").expect(0).out
    assert '"arn:aws-cn:logs:*:*:log-group:/aws/codebuild/*"' in said


def test_channels(seen: Seen, cli: Command) -> None:
    """Asked only where tfgen.toml has channels; one that is not there yet is none."""
    toml, ami = seen.estate.root / "tfgen.toml", seen.amis["app"]
    before = toml.read_text()
    ssm = seen.estate.client("ssm")
    ssm.put_parameter(Name="/images/app/dev", Value=ami, Type="String", DataType="aws:ec2:image")
    toml.write_text(f'{before}[publish]\nchannels = ["dev", "prod"]\n')
    calls: list[str] = []
    try:
        with pytest.MonkeyPatch.context() as patch:
            report = _look(patch, calls)
        statements = json.loads(cli("status", "--iam-policy").expect(0).out)["Statement"]
    finally:
        toml.write_text(before)
        ssm.delete_parameter(Name="/images/app/dev")
    assert {row.image: row.channels for row in report.images if row.channels} == {"app": {"dev": ami}}
    assert calls.count("ssm:GetParameters") == 2  # 12 names, ten at a time
    assert [each["Resource"] for each in statements if each["Action"] == list(CHANNELS)] == [
        "arn:aws:ssm:*:*:parameter/images/*/*"
    ]


def test_check_names_the_images(seen: Seen, cli: Command) -> None:
    said = cli("status", "--check", "--max-age", "30d", "--behind").expect(2).err
    assert f"error: app: {seen.amis['app']} is 45.0 days old, more than 30d\n" in said
    assert "error: db: pipeline db-ami-pipeline not found\n" in said
    assert "error: cache: no good AMI\n" in said
    assert "error: base: behind" in said


def test_a_saved_report_is_shown_without_aws(
    seen: Seen, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, printed = cli("status").expect(0).out, cli("status", "--format", "json").expect(0).out
    file = tmp_path / "status.json"
    file.write_text(printed)
    assert [row["image"] for row in json.loads(printed)["images"]] == sorted(IMAGES)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert cli("status", "--from", str(file)).expect(0).out == table
    assert cli("status", "db", "--from", str(file)).expect(0).out.startswith("db\n  template   packer/db.pkr.hcl\n")
    assert read_report(str(file)).images
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    argv = [sys.executable, "-m", "tfgen", "status", "--from", str(file), "--format", "html"]
    page = subprocess.run(argv, env=ascii_only, capture_output=True, check=True).stdout
    assert not page.decode().isascii()


def test_one_image_at_length(seen: Seen, cli: Command) -> None:
    said = cli("status", "app").expect(0).out
    assert "  made of    buildspec.yml\n             packer/app.pkr.hcl\n" in said
    assert f"{seen.amis['app']}  app-" in said
    assert "did you mean" in cli("status", "ap").expect(64).err


@pytest.mark.parametrize(
    ("operation", "action", "images"),
    [
        ("get_pipeline_state", "codepipeline:GetPipelineState", ["app"]),
        ("list_pipeline_executions", "codepipeline:ListPipelineExecutions", ["app"]),
        ("describe_images", "ec2:DescribeImages", sorted(IMAGES)),
        ("list_rules", "events:ListRules", []),
    ],
)
def test_what_is_denied_costs_its_cell(
    seen: Seen, cli: Command, monkeypatch: pytest.MonkeyPatch, operation: str, action: str, images: list[str]
) -> None:
    _refuse(monkeypatch, operation, "AccessDeniedException", name="app-ami-pipeline")
    found = json.loads(cli("status", "--format", "json").expect(1).out)
    rows = {row["image"]: [each["action"] for each in row["unreadable"]] for row in found["images"]}
    assert [image for image, unread in rows.items() if unread] == images
    everywhere = {each for unread in rows.values() for each in unread} | {
        each["action"] for each in found["unreadable"]
    }
    assert everywhere == {action}
    assert next(row for row in found["images"] if row["image"] == "web")["pipeline"]["state"] == "waiting"


def test_a_dirty_tree_is_said_and_what_it_concerns_is_unknown(seen: Seen, cli: Command) -> None:
    template = seen.estate.root / "packer/app.pkr.hcl"
    before = template.read_text()
    template.write_text(f"{before}\n")
    try:
        said = cli("status", "--format", "json").expect(0)
        checked = cli("status", "--check", "--behind").expect(2)
    finally:
        template.write_text(before)
    rows = {row["image"]: row["behind"] for row in json.loads(said.out)["images"]}
    why = "packer/app.pkr.hcl has uncommitted changes, which concern the image"
    assert rows["app"] == {"verdict": "unknown", "file": "packer/app.pkr.hcl", "why": why}
    assert f"error: app: behind is unknown: {why}\n" in checked.err
    assert said.err == 'note: uncommitted changes (packer/app.pkr.hcl): "behind" compares with HEAD alone\n'
    assert "uncommitted" not in cli("status").expect(0).err


@pytest.mark.parametrize(("refused", "code"), [(1, 0), (9, 1)])
def test_throttling_is_tried_again_and_then_costs_its_cell(
    seen: Seen, cli: Command, monkeypatch: pytest.MonkeyPatch, refused: int, code: int
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    sent = _throttle(monkeypatch, "codepipeline.GetPipelineState", "app-ami-pipeline", refused)
    said = cli("status", "app").expect(code)
    assert len(sent) == 2
    assert ("unreadable pipeline: codepipeline:GetPipelineState: AWS refused" in said.out) == bool(code)
    assert ("Rate exceeded (ThrottlingException" in said.out) == bool(code)
    assert f"  AMI        {seen.amis['app']}" in said.out, "the rest stands"


def _throttle(patch: pytest.MonkeyPatch, operation: str, name: str, refused: int) -> list[bytes]:
    """What was sent for one pipeline; so many times the answer is that it is too much."""
    made, sent = Account._made, list[bytes]()

    def throttled(self: Account, service: str) -> Any:
        client = made(self, service)

        def answer(request: Any, **_: object) -> Any:
            if name.encode() not in request.body:
                return None
            sent.append(request.body)
            if len(sent) > refused:
                return None
            answer = AWSResponse(request.url, 400, HeadersDict({"x-amzn-errortype": "ThrottlingException"}), None)
            answer._content = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
            return answer

        if service == operation.partition(".")[0]:
            client.meta.events.register(f"before-send.{operation}", answer)
        return client

    patch.setattr(Account, "_made", throttled)
    return sent


def test_an_expired_token_is_one_message(seen: Seen, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch, "get_pipeline_state", "ExpiredTokenException")
    said = cli("status").expect(1)
    assert said.out == ""
    assert said.err.count("ExpiredTokenException") == 1
    assert "sign in again" in said.err


def _refuse(patch: pytest.MonkeyPatch, operation: str, code: str, name: str = "") -> None:
    """AWS refuses an operation, of one pipeline where it is about one."""
    call, pages = Account.call, Account.pages

    def refuse(asked: str, arguments: Mapping[str, object]) -> None:
        about = arguments.get("name") or arguments.get("pipelineName") or name
        if asked == operation and (not name or about == name):
            raise AwsError(f"AWS refused it ({code})", code=code, status=400, fix=_fix(code))

    def called(self: Account, service: str, asked: str, **arguments: object) -> Any:
        refuse(asked, arguments)
        return call(self, service, asked, **arguments)

    def paged(self: Account, service: str, asked: str, key: str, **arguments: object) -> Any:
        refuse(asked, arguments)
        return pages(self, service, asked, key, **arguments)

    patch.setattr(Account, "call", called)
    patch.setattr(Account, "pages", paged)


def _fix(code: str) -> str:
    from tfgen.aws.failures import _FIXES

    return _FIXES.get(code, "")


def test_a_log_that_retention_has_deleted_is_said(seen: Seen, emulator: Emulator, tmp_path: Path) -> None:
    estate = seen.estate
    estate.execute("base", "1" * 40, play=Play(fails_in="BUILD", message="exit status 1", log={}))
    row = find_status(open_workspace(), Options(images=("base",)), quiet=True).report.images[0]
    assert row.pipeline.reason == (
        "stage Build failed: phase BUILD failed: COMMAND_EXECUTION_ERROR: exit status 1; "
        "its log is not there any more (retention)"
    )


def test_a_long_history_is_read_to_the_first_good_execution(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.codepipeline.models import codepipeline_backends

    estate = seen.estate
    estate.make("long")
    first, _ = estate.execute("long", "1" * 40, days=400)
    backend: Any = codepipeline_backends["123456789012"][estate.aws.emulator.region]
    executions = backend.pipelines["long-ami-pipeline"].executions
    good = executions[first]
    for status, count in (("Succeeded", 9_700), ("Failed", 150), ("Superseded", 149)):
        for _ in range(count):
            other = copy(good)
            other.pipeline_execution_id, other.status = f"{len(executions)}", status
            executions[other.pipeline_execution_id] = other
    calls: list[str] = []
    with monkeypatch.context() as patch:
        record(patch, calls)
        runs = runs_of(SignedIn().in_region(estate.aws.emulator.region), "long-ami-pipeline")
    estate.client("codepipeline").delete_pipeline(name="long-ami-pipeline")
    assert calls.count("codepipeline:ListPipelineExecutions") == 4  # 20, then 100 each: the good one is number 300
    assert (len(runs), len(failures_since_good(runs))) == (320, 150)


def test_other_accounts_and_one_that_cannot_be_asked(
    seen: Seen, cli: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = seen.estate.root / "tfgen.toml"
    text = file.read_text()
    accounts = """
[status]
regions = ["eu-west-1", "us-east-1"]
[status.accounts.here]
[status.accounts.other]
role_arn = "arn:aws:iam::111122223333:role/status"
[status.accounts.typo]
profile = "no-such-profile"
"""
    file.write_text(text + accounts)
    try:
        said = cli("status", "--format", "json").expect(1)
    finally:
        file.write_text(text)
    found = json.loads(said.out)
    assert {(row["account"], row["region"]) for row in found["images"]} == {("here", "eu-west-1")}
    (lost,) = [each for each in found["unreadable"] if each["cell"] == "account typo"]
    assert "no-such-profile" in lost["error"]


def test_watch_needs_a_terminal(seen: Seen, cli: Command) -> None:
    assert "--watch needs a terminal" in cli("status", "--watch").expect(64).err
    assert "--watch cannot be used with --check" in cli("status", "--watch", "--check").expect(64).err
    assert "--max-age requires --check" in cli("status", "--max-age", "3d").expect(64).err
    assert "is not an age" in cli("status", "--check", "--max-age", "3x").expect(64).err


def test_watch_until_ctrl_c(seen: Seen, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def wait(_: float) -> None:
        looks.append(1)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("tfgen.status.show.watch.require_terminal", lambda: None)
    monkeypatch.setattr("tfgen.status.show.watch.time", SimpleNamespace(sleep=wait))
    said = cli("status", "--watch").expect(130)
    assert len(looks) == 2
    assert said.err == ""
