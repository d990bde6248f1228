"""Rows of `tfgen status` from facts that no emulator plays: clocks, copies, altered tags, saved files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from botocore.parsers import ResponseParserFactory
from botocore.session import get_session
from msgspec.structs import replace

from tests.conftest import Command
from tfgen.aws.failures import AwsError, Who, explained
from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.runs import BuildFacts, RunFacts, runs_of
from tfgen.aws.session import Account
from tfgen.status.facts import BehindSince, Drifts, Expected, Facts, PipelineFacts, Place, PlaceFacts
from tfgen.status.model import Behind, ImageStatus, Report
from tfgen.status.page.render import render
from tfgen.status.rows import make_report
from tfgen.status.saved import decoded, print_report
from tfgen.status.show.check import failures, limits
from tfgen.status.show.table import age
from tfgen_generators.errors import TfgenError

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
HERE = Place(account="", account_id="123456789012", partition="aws", region="eu-west-1")
WEB = Expected(image="web", template="packer/web.json", pipeline="web-ami-pipeline", branch="main")
GOOD = BuildFacts(id="web-ami-pipeline:1", status="SUCCEEDED", commit=COMMIT)


def ami(id_: str = "ami-1", *, days: float = 1, **more: Any) -> OwnedImage:
    tags = {"Template": WEB.template, "CodeBuildProject": GOOD.id, "SourceVersion": COMMIT, **more.pop("tags", {})}
    found = OwnedImage(
        id=id_, name=id_, region="eu-west-1", account="1", state="available", created=ago(days), tags=tags
    )
    return replace(found, **more)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def run(id_: str, status: str, days: float) -> RunFacts:
    return RunFacts(id=id_, status=status, started=ago(days + 0.1), ended=ago(days - 0.1), commit=COMMIT)


def report(*amis: OwnedImage, runs: tuple[RunFacts, ...] = (), expected: Expected = WEB, **more: Any) -> Report:
    pipeline = PipelineFacts(name=WEB.pipeline, exists=True, runs=runs, stages=more.pop("stages", ()))
    builds = more.pop("builds", {GOOD.id: GOOD})
    place = PlaceFacts(
        place=HERE,
        expected=(expected,),
        amis=tuple(sorted(amis, key=lambda each: each.created, reverse=True)),
        pipelines={pipeline.name: pipeline},
        rules=more.pop("rules", ()),
        builds=builds,
    )
    behind = {"web": BehindSince(behind=Behind(verdict=more.pop("behind", "no")))}
    return make_report(Facts(now=NOW, commit=COMMIT, places=(place,), behind=(behind,), drifts=(Drifts(),)))


def row(*amis: OwnedImage, **more: Any) -> ImageStatus:
    (found,) = report(*amis, **more).images
    return found


def test_an_ami_of_the_future_is_said_and_has_no_negative_age() -> None:
    found = row(ami(days=-2))
    assert found.age_days == 0
    assert found.notes == ("ami-1 was built in the future (2026-12-02T12:00:00Z): compare the clocks",)


def test_clocks_that_differ_by_little_are_no_word_worth() -> None:
    assert row(ami(days=-0.001)).notes == ()


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ({"SourceVersion": "1" * 40}, "SourceVersion"),
        ({"CodeBuildProject": "web-ami-pipeline:other"}, "CodeBuildProject"),
        ({"CodeBuildProject": "stranger:1"}, "CodeBuildProject"),
        ({"Template": "packer/other.json"}, "Template"),
    ],
)
def test_an_altered_tag_is_drift_and_the_one_before_is_the_last_good(tags: dict[str, str], field: str) -> None:
    builds = {GOOD.id: GOOD, "web-ami-pipeline:other": None, "stranger:1": None}
    found = row(ami("ami-2", days=1, tags=tags), ami("ami-1", days=2), builds=builds)
    assert found.ami == "ami-1"
    assert [(each.between, each.field) for each in found.drift] == [("ami/code", field)]
    assert found.notes[0].startswith("ami-2 is not a good AMI: its tags were altered: ")
    assert [each.good for each in found.amis] == [False, True]


def test_the_tags_of_a_build_on_another_ami_are_altered() -> None:
    build = replace(GOOD, started=ago(30), ended=ago(29.9))
    assert row(ami(days=1), builds={GOOD.id: build}).ami is None
    assert row(ami(days=29.95), builds={GOOD.id: build}).ami == "ami-1"


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (ami(state="pending"), "it is pending"),
        (ami(tags={"SourceVersion": "none"}), "it has no tag SourceVersion"),
        (ami(tags={"CodeBuildProject": ""}), "it has no tag CodeBuildProject"),
    ],
)
def test_what_is_no_good_ami(found: OwnedImage, problem: str) -> None:
    assert row(found).ami is None
    assert row(found).amis[0].problem == problem


@pytest.mark.parametrize("status", ["FAILED", "IN_PROGRESS", "TIMED_OUT", "STOPPED", "FAULT"])
def test_a_build_that_did_not_succeed_makes_no_good_ami(status: str) -> None:
    assert row(ami(), builds={GOOD.id: replace(GOOD, status=status)}).ami is None


def test_codebuild_forgets_builds_after_a_year_and_could_not_be_asked() -> None:
    old = ami("ami-0", days=400)
    assert row(old, ami("ami-1", days=1, state="pending"), builds={GOOD.id: None}).ami == "ami-0"
    assert row(ami(), builds=None).ami == "ami-1"


def test_an_execution_is_found_by_commit_and_time() -> None:
    runs = (run("late", "Succeeded", 1), run("then", "Succeeded", 3), run("bad", "Failed", 5))
    assert row(ami(days=3), runs=runs).execution == "then"


@pytest.mark.parametrize(
    ("statuses", "state", "failed"),
    [
        ((), "never-ran", 0),
        (("Succeeded",), "green", 0),
        (("Failed", "Succeeded"), "red", 1),
        (("Stopped", "Superseded", "Failed", "Succeeded", "Failed"), "red", 2),
        (("Cancelled",), "red", 1),
        (("InProgress", "Failed"), "running", 1),
        (("Stopping",), "running", 0),
        (("Superseded", "Succeeded"), "superseded", 0),
        (("Odd",), "unknown", 0),
    ],
)
def test_the_state_of_a_pipeline(statuses: tuple[str, ...], state: str, failed: int) -> None:
    runs = tuple(run(str(number), status, number + 1) for number, status in enumerate(statuses))
    pipeline = row(runs=runs).pipeline
    assert (pipeline.state, pipeline.failures) == (state, failed)
    assert bool(pipeline.since) == bool(failed)


def test_a_closed_transition_of_a_pipeline_that_is_green() -> None:
    way = {"enabled": False, "disabledReason": "frozen"}
    stages = ({"stageName": "Build", "inboundTransitionState": way},)
    pipeline = row(runs=(run("1", "Succeeded", 1),), stages=stages).pipeline
    assert (pipeline.state, pipeline.reason) == ("disabled", "the transition to stage Build is disabled: frozen")


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ((), "push to main"),
        (({"Name": "web-ami-pipeline-schedule", "ScheduleExpression": "rate(7 days)"},), "push to main, rate(7 days)"),
        (
            ({"Name": "web-ami-pipeline-schedule", "ScheduleExpression": "cron(0 4 ? * SUN *)"},),
            "push to main, 2026-12-06 04:00 UTC (cron(0 4 ? * SUN *))",
        ),
        (
            ({"Name": "web-ami-pipeline-schedule", "ScheduleExpression": "cron(0 4 1 1 ? 2026)"},),
            "push to main, not again (cron(0 4 1 1 ? 2026))",
        ),
        (
            ({"Name": "web-ami-pipeline-schedule", "ScheduleExpression": "cron(by hand)"},),
            "push to main, cron(by hand)",
        ),
        (
            (
                {"Name": "web-ami-pipeline-schedule", "ScheduleExpression": "cron(0 4 ? * SUN *)", "State": "DISABLED"},
                {"Name": "web-ami-pipeline-source"},
            ),
            "push to main; the rule for schedule is disabled",
        ),
        (({"Name": "web-ami-pipeline-source", "State": "DISABLED"},), "the rule for push is disabled"),
        (None, "push to main"),
    ],
)
def test_the_next_start(rules: Any, text: str) -> None:
    assert row(rules=rules).pipeline.next_start == text


def test_the_next_start_by_the_generated_file_where_the_rules_could_not_be_read() -> None:
    found = row(rules=None, expected=replace(WEB, schedule="cron(30 12 * * ? *)"))
    assert found.pipeline.next_start == "push to main, 2026-11-30 12:30 UTC (cron(30 12 * * ? *))"


def test_variants_of_a_template_are_told_apart_by_their_project() -> None:
    shared = replace(WEB, shares_template=True)
    other = ami("ami-2", days=0.5, tags={"CodeBuildProject": "web-arm-ami-pipeline:1"})
    assert row(other, ami("ami-1"), expected=shared).ami == "ami-1"


def test_checks() -> None:
    found = report(ami(days=40), runs=(run("1", "Failed", 1),), behind="unknown")
    assert list(failures(found, limits(None, 1, False))) == []
    lines = list(failures(found, limits("30d", None, True)))
    assert [line.partition(":")[0] for line in lines] == ["web"] * 3
    assert "red since 2026-11-29" in lines[0]
    assert "ami-1 is 40.0 days old, more than 30d" in lines[1]
    assert "behind is unknown" in lines[2]
    assert list(failures(report(), limits(None, None, False))) == ["web: no good AMI"]


def test_a_report_is_read_as_it_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(ami(), ami("ami-2"), runs=(run("1", "Failed", 1),))
    print_report(found)
    printed = capsys.readouterr().out
    assert decoded(printed.encode(), "x.json") == found
    assert printed == json.dumps(json.loads(printed), indent=2, ensure_ascii=False) + "\n"
    print_report(replace(found, images=()))
    assert json.loads(capsys.readouterr().out)["images"] == []


def test_a_text_that_is_not_utf8_is_printed_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(report(ami(name="\udcff")))
    assert "\\udcff" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.json:1: not valid JSON: "),
        ('{"made_at": "x",\n"images": [}', "x.json:2: not valid JSON: "),
        ('{"made_at": "x"}', "x.json: not a report of this tfgen's status: "),
        (
            '{"made_at": "x", "images": [{"image": 3}]}',
            "x.json: not a report of this tfgen's status: images[0].image: ",
        ),
        ('{"x": ' + "[" * 100_000, "x.json:1: not valid JSON: "),
        ("[]", "x.json: not a report"),
    ],
)
def test_a_damaged_report_is_an_error_with_its_place(text: str, words: str) -> None:
    with pytest.raises(TfgenError) as raised:
        decoded(text.encode(), "x.json")
    assert str(raised.value).startswith(words)
    assert "tfgen status --format json" in str(raised.value)


def test_a_report_that_is_not_there_or_of_another_command(tmp_path: Path, cli: Command) -> None:
    assert "file not found" in cli("status", "--from", "gone.json").expect(64).err
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "not valid JSON" in cli("status", "--from", str(tmp_path / "binary")).expect(1).err


def test_a_page_that_comes_twice_ends_the_list() -> None:
    class Asked:
        calls = 0

        def call(self, *_: str, **__: object) -> dict[str, Any]:
            self.calls += 1
            return {"pipelineExecutionSummaries": [{"status": "Failed"}], "nextToken": "same"}

    asked = Asked()
    with pytest.raises(AwsError, match="same page twice"):
        runs_of(cast("Account", asked), "web")
    assert asked.calls == 2


@pytest.mark.parametrize(
    ("days", "table", "page"),
    [(41.6, "41d", "41 days"), (0.99, "23h", "23 hours"), (1.0, "1d", "1 day"), (1e300, None, None)],
)
def test_the_table_and_the_page_count_whole_days(days: float, table: str | None, page: str | None) -> None:
    found = replace(row(ami()), age_days=days)
    shown = render(Report(made_at="2026-11-30T12:00:00Z", images=(found, replace(found, age_days=5e-324))))
    if table is not None:
        assert age(days) == table
        assert f">{page}<" in shown


def test_an_answer_of_sts_that_says_nothing_is_no_bug() -> None:
    class Session:
        def client(self, *_: object, **__: object) -> Any:
            return SimpleNamespace(get_caller_identity=lambda: self.answer)

        answer: ClassVar[dict[str, str]] = {}

    for answer in ({}, {"Account": "1", "Arn": ""}, {"Arn": "arn:aws:x"}):
        Session.answer = answer
        with pytest.raises(AwsError, match="not one of AWS"):
            Account(Who(profile="", region="x"), Session())


def test_what_a_parser_stumbles_over_is_an_answer_that_is_none() -> None:
    parser = ResponseParserFactory().create_parser("query")
    shape = get_session().get_service_model("sts").operation_model("GetCallerIdentity").output_shape
    response = {"status_code": 200, "headers": {}, "body": b"<html/>"}
    with pytest.raises(AwsError, match="check the network"), explained(Who(profile="", region="x"), "sts", "x"):
        parser.parse(response, shape)
    with pytest.raises(KeyError), explained(Who(profile="", region="x"), "sts", "x"):
        response["none"]
