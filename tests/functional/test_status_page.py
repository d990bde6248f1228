"""The page of `tfgen status` in Chromium: what is seen, heard, clicked and printed, and that nothing leaves it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests import status_reports as reports
from tests.e2e.tools import SEARCH_PATH, give_up
from tfgen.status.model import Report
from tfgen.status.page.render import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

Scheme = Literal["light", "dark"]
Media = Literal["screen", "print"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ["--disable-gpu", "--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage"]
#: Of what is red; git ignores it.
_SCREENSHOTS = Path(__file__).resolve().parents[2] / "build/screenshots"
_HOSTILE = reports.hostile_names(40)
#: All elements with the names of their attributes, of a page that is parsed and not shown.
_SHAPE = """html => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("*")]
    .map(element => element.tagName + " " + element.getAttributeNames().join(" "))"""
#: Texts that reach over the window's edge, but for those that scroll by themselves.
_OUTSIDE = """[...document.querySelectorAll("main *:not(.scroll *):not(.unseen)")]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 200))"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Pages:
    """Opens reports in one tab."""

    def __init__(self, browser: Browser, folder: Path, *, script: bool = True) -> None:
        self._file = folder / "status.html"
        self._context = browser.new_context(reduced_motion="reduce", java_script_enabled=script)
        self._page = self._context.new_page()
        self._said: list[str] = []
        self._asked: list[str] = []
        self._page.on("console", lambda message: self._said.append(message.text))
        self._page.on("pageerror", lambda error: self._said.append(str(error)))
        self._page.on("dialog", self._dismiss)
        self._page.on("request", lambda request: self._asked.append(request.url))
        self._context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())

    def _dismiss(self, dialog: Dialog) -> None:
        self._said.append(dialog.message)
        dialog.dismiss()

    @contextlib.contextmanager
    def shown(
        self, report: Report, *, width: int = 1280, scheme: Scheme = "light", media: Media = "screen"
    ) -> Iterator[Page]:
        """The report's page, which must have said nothing and have loaded nothing in the end.

        Of a test that fails there is a picture of what it was looking at (`build/screenshots`).
        """
        self._file.write_bytes(render(report).encode())
        self._page.set_viewport_size({"width": width, "height": 900})
        self._page.emulate_media(color_scheme=scheme, media=media)
        self._said.clear()
        self._asked.clear()
        self._page.goto(self._file.as_uri())
        try:
            yield self._page
            assert not self._said
            assert self._asked == [self._file.as_uri()]
        except BaseException:
            _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            test = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0]
            self._page.screenshot(path=_SCREENSHOTS / f"{test.replace('/', '_')}-{width}-{scheme}.png", full_page=True)
            raise

    def close(self) -> None:
        self._context.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next(filter(None, (shutil.which(name, path=SEARCH_PATH) for name in _BROWSERS)), None)
    if not program:
        give_up("chromium not found: apt-get install chromium fonts-dejavu-core")
    from playwright.sync_api import sync_playwright

    environment: dict[str, str | float | bool] = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}
    environment["HOME"] = str(tmp_path_factory.mktemp("chromium"))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=_FLAGS, chromium_sandbox=os.geteuid() != 0, env=environment, timeout=60_000
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    opened = Pages(browser, tmp_path_factory.mktemp("pages"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core itself, which axe-playwright-python brings."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("report", [reports.twelve(), reports.named(_HOSTILE)], ids=["twelve", "hostile"])
def test_axe_finds_nothing(pages: Pages, axe: str, report: Report, scheme: Scheme) -> None:
    with pages.shown(report, scheme=scheme) as page:
        page.evaluate(axe)
        found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
        assert len(found["passes"]) > 20
        assert {one["id"]: [node["html"] for node in one["nodes"]] for one in found["violations"]} == {}


def test_axe_finds_nothing_in_cards(pages: Pages, axe: str) -> None:
    with pages.shown(reports.twelve(), width=400) as page:
        page.evaluate(axe)
        found = page.evaluate("() => axe.run()")
        assert [one["id"] for one in found["violations"]] == []


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(pages: Pages, width: int) -> None:
    for report in (reports.twelve(), reports.named(_HOSTILE), reports.many(30), Report(made_at="", images=())):
        with pages.shown(report, width=width) as page:
            assert page.evaluate(_OVERFLOW) == 0
            assert page.evaluate(_OUTSIDE) == []


def test_500_hostile_names_are_texts_alone(pages: Pages) -> None:
    plain = [f"name-{number}" for number in range(500)]
    hostile = reports.hostile_names(500)
    with pages.shown(reports.twelve()) as page:
        shapes = [page.evaluate(_SHAPE, render(reports.rows_named(names))) for names in (plain, hostile)]
        assert len(shapes[0]) > 500 * 10
        assert shapes[0] == shapes[1]
        few = [page.evaluate(_SHAPE, render(reports.named(names[:40]))) for names in (plain, hostile)]
        assert few[0] == few[1]


def test_without_script_all_is_there(browser: Browser, tmp_path: Path) -> None:
    pages = Pages(browser, tmp_path, script=False)
    report = reports.twelve()
    with pages.shown(report) as page:
        assert page.locator("#table tbody tr:visible").count() == len(report.images)
        text = page.locator("main").inner_text()
        for image in report.images:
            assert image.image in text
            assert image.pipeline.reason.strip() in text
        for orphan in report.orphans:
            assert orphan.reason in text
        assert not page.locator("form").is_visible()
        assert page.locator("thead button").count() == 0
        page.locator("summary").click()
        assert "BUILD_GENERAL1_LARGE" in page.locator("details").inner_text()
        page.locator(".counts a", has_text="missing").click()
        assert page.url.endswith("#r10")
    pages.close()


def test_the_keyboard_filters(pages: Pages) -> None:
    with pages.shown(reports.twelve()) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the images"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.labels[0].textContent") == "Filter"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.type("WEST-1 postgresql")
        assert _names(page) == ["database"]
        assert page.get_by_role("status").inner_text() == "1 of 13 images shown, sorted by image."
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert len(_names(page)) == 13
        page.get_by_role("link", name="2 with a stale parent").press("Enter")
        assert _names(page) == ["bastion", "cache"]
        assert page.get_by_label("Show").input_value() == "stale"
        page.get_by_label("Show").select_option("red")
        assert _names(page) == ["cache"]


def test_the_keyboard_sorts(pages: Pages) -> None:
    with pages.shown(reports.twelve()) as page:
        age = page.get_by_role("columnheader", name="Age", exact=True)
        assert age.get_attribute("aria-sort") == "none"
        age.get_by_role("button").press("Enter")
        assert age.get_attribute("aria-sort") == "ascending"
        assert _names(page)[:4] == ["queue", "base", "forged", "web"]
        age.get_by_role("button").press("Space")
        assert age.get_attribute("aria-sort") == "descending"
        assert _names(page)[:3] == ["legacy", "bastion", "cache"]
        assert set(_names(page)[-3:]) == {"gone", "new", "nowhere"}, "what has no age is last either way"
        assert page.get_by_role("status").inner_text() == "13 of 13 images shown, sorted by age, descending."
        page.get_by_role("button", name="Pipeline").press("Enter")
        assert _names(page)[:2] == ["cache", "nowhere"]
        assert page.locator("th[aria-sort=ascending]").count() == 1
        page.get_by_role("button", name="Image").press("Enter")
        assert _names(page) == sorted(_names(page))


def test_a_printed_page(pages: Pages) -> None:
    with pages.shown(reports.twelve(), scheme="dark", media="print") as page:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert not page.locator("form").is_visible()
        assert page.get_by_text("BUILD_GENERAL1_LARGE").first.is_visible()
        assert page.locator("thead").first.evaluate("one => getComputedStyle(one).display") == "table-header-group"


def test_what_a_screen_reader_is_told(pages: Pages) -> None:
    with pages.shown(reports.twelve(), width=400) as page:
        assert page.title() == "AMI status: 13 images, 1 red, 1 missing, 1 behind"
        assert page.evaluate("document.documentElement.lang") == "en"
        for landmark in ("banner", "main", "contentinfo", "search"):
            assert page.get_by_role(landmark).count() == 1, landmark
        assert page.get_by_role("table", name="One row for each image in each region").count() == 1
        row = page.get_by_role("row", name="cache")
        assert row.get_by_role("img").get_attribute("aria-label") == (
            "12 executions: 7 succeeded, 5 failed; newest failed"
        )
        silent = (
            "[...document.querySelectorAll('svg')].filter(one => !one.ariaLabel && one.ariaHidden !== 'true').length"
        )
        assert page.evaluate(silent) == 0


def test_a_card_of_a_difference_says_what_was_expected_and_what_was_found(pages: Pages) -> None:
    cells = "[...document.querySelectorAll('[aria-labelledby=drift] tr:last-child td')]"
    said = f"{cells}.map(one => getComputedStyle(one, '::before').content)"
    with pages.shown(reports.twelve(), width=400) as page:
        assert page.evaluate(said)[2:] == ['"Expected: "', '"Found: "']


def _names(page: Page) -> list[str]:
    return page.locator("#table tbody tr:visible th bdi").all_inner_texts()
