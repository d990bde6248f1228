"""The page of a report, without a browser: what it says, its size, and that it needs nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from typing import get_args

import msgspec
import pytest

from tests import status_reports as reports
from tfgen.status.model import Report, State, Verdict
from tfgen.status.page.render import render
from tfgen.status.page.spark import spark_of
from tfgen.status.page.states import STATES, VERDICTS
from tfgen.status.page.text import age, cut, days_between, moment, name, visible


def test_every_state_and_verdict_has_a_sign_of_its_own() -> None:
    assert set(STATES) == set(get_args(State))
    assert set(VERDICTS) == set(get_args(Verdict))
    assert len({shown.sign for shown in STATES.values()}) == len(STATES)


def test_the_same_report_gives_the_same_page() -> None:
    saved = msgspec.json.decode(msgspec.json.encode(reports.twelve()), type=Report)
    assert render(reports.twelve()) == render(saved)


@pytest.mark.parametrize("count", [0, 1, 200])
def test_the_size_of_a_page(count: int) -> None:
    assert len(render(reports.many(count)).encode()) <= 300_000


def test_long_reasons_and_many_differences_do_not_make_a_large_page() -> None:
    images = tuple(
        reports.image(
            f"image-{number}",
            "red",
            pipeline_reason="& " * 5000,
            behind="yes",
            file="d/" * 500,
            why="w" * 5000,
            drift=reports.drift(30, "x" * 500),
        )
        for number in range(200)
    )
    page = render(Report(made_at=reports.at(0), images=images))
    assert len(page.encode()) <= 300_000
    assert page.count("30 differences") == 200


def test_a_small_page_says_all() -> None:
    page = unescape(render(reports.twelve()))
    for image in reports.twelve().images:
        for text in (image.image, image.template, image.ami or "", image.pipeline.reason.strip(), image.behind.why):
            assert text in page
    assert "superseded for 9 days" in page
    assert "since 2026-02-23 12:00 UTC (6 days)" in page


def test_differences_of_no_image_are_a_list_of_their_own() -> None:
    page = unescape(render(reports.twelve()))
    _, _, found = page.partition('<h2 id="drift">')
    for one in reports.twelve().drift:
        for text in (one.what, one.field, one.expected, one.found):
            assert text in found
    assert 'id="drift"' not in render(reports.many(3))


def test_nothing_is_loaded_and_nothing_else_may_run() -> None:
    page = render(reports.twelve())
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert f"{directive} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.findall(r"(?:src|href)=\"(?!#)|url\((?!#)|@import|https?:", page)
    assert not re.findall(r"<[^>]* (?:style|on\w+)=", page)


def test_texts_are_cleaned_wherever_they_stand() -> None:
    page = render(reports.named(reports.hostile_names(40)))
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\ud800-\udfff]", page
    )
    assert page.count("<script") == 1
    assert "{{" not in page.partition("<script>")[0].replace("{{ 7 * 7 }}", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x00\x1b\u202e\u200b\ufeff\ud800", r"\x00\x1b\x202e\x200b\xfeff\xd800"),
        ("\u05e9\u05dc \u00e9 \U0001f4a9", "\u05e9\u05dc \u00e9 \U0001f4a9"),
    ],
)
def test_what_is_not_seen_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_texts_and_times() -> None:
    assert name("  ") == "(no name)"
    assert cut("abcdef", 4) == "abc\u2026"
    assert moment("2026-01-31T12:00:00Z") == "2026-01-31 12:00 UTC"
    assert moment("yesterday") == "yesterday"
    assert days_between("2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z") == 1.5
    assert days_between("", "2026-01-02T12:00:00Z") is None
    assert days_between("2026-13-41T00:00:00Z", "2026-01-02T12:00:00Z") is None
    assert [age(days) for days in (-1, 0, 0.05, 0.5, 1, 1200.9)] == [
        "in the future",
        "less than an hour",
        "1 hour",
        "12 hours",
        "1 day",
        "1,200 days",
    ]


def test_a_sparkline_shows_the_newest_at_the_right() -> None:
    spark = spark_of(reports.executions(["Failed", "Succeeded", "Stopped"]))
    assert spark is not None
    assert spark.failed.startswith("M97 9v")
    assert spark.succeeded.startswith("M92 9V")
    assert spark.other.startswith("M87 ")
    assert spark.label == "3 executions: 1 succeeded, 1 failed, 1 stopped; newest failed"
    assert spark_of(()) is None
    long = spark_of(reports.executions(["Succeeded"] * 25))
    assert long is not None
    assert long.succeeded.count("M") == 20


def test_parents_that_are_not_there_and_circles_are_drawn() -> None:
    images = (
        reports.image("a", parents=("b", "a")),
        reports.image("b", "red", parents=("a", "elsewhere")),
        reports.image("c"),
    )
    page = render(Report(made_at="", images=images))
    assert "Graph of 3 images and 3 arrows" in page
    assert "<text>? elsewhere</text>" in page
    assert "<text>\u2717 b</text>" in page
    assert "Not drawn: 1 that start" in page


def test_an_image_in_two_regions_is_drawn_in_its_worst_state() -> None:
    images = (
        reports.image("base"),
        reports.image("web", parents=("base",)),
        reports.image("web", "red", parents=("base",), region="us-east-1"),
    )
    page = render(Report(made_at="", images=images))
    assert page.count("<text>\u2717 web</text>") == 1
    assert "<text>\u2713 web</text>" not in page


def test_accounts_are_named_when_there_are_several() -> None:
    one = Report(
        made_at="", images=(reports.image("a", account="111111111111"), reports.image("b", account="111111111111"))
    )
    assert "111111111111" not in render(one)
    two = Report(
        made_at="", images=(reports.image("a", account="111111111111"), reports.image("b", account="222222222222"))
    )
    assert "111111111111" in render(two)
