"""A plan as Markdown: what it says, within each host's limit, and never more than text whatever the names hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests import depth
from tfgen.hosts.model import STYLES, HostName, Style, marker
from tfgen.plan.markdown import WHOLE, compose, verdict
from tfgen.plan.markdown_text import code, names
from tfgen.terraform.reports.actions import Deferred, Invocation
from tfgen.terraform.reports.plan import SHARED, ImagePlan, PlanSummary, ResourceChange
from tfgen.terraform.reports.unknown import NotUnderstood


def render(summary: PlanSummary, **options: Any) -> str:
    return compose(summary, **options).text


LINK = "https://ci.example/org/repo/actions/runs/1"
HOSTS: list[HostName] = ["github", "bitbucket", "codecommit"]


def change(address: str, action: str = "create", **more: object) -> ResourceChange:
    return ResourceChange(address=address, action=action, **more)  # type: ignore[arg-type]


def image(name: str, *actions: str) -> ImagePlan:
    return ImagePlan(name=name, changes=tuple(change(f"module.{name}.x.r{n}", a) for n, a in enumerate(actions)))


def plan(*images: ImagePlan, **more: object) -> PlanSummary:
    return PlanSummary(images=images, **{"changed": bool(images), "line": "Plan: 1 to add.", **more})  # type: ignore[arg-type]


def big(count: int = 300) -> PlanSummary:
    """Each image with the nine resources of a pipeline."""
    actions = ("delete", "replace", "create", "update")
    names = [f"image-{number:03}" for number in range(count)]
    return plan(
        *(
            ImagePlan(
                name=name,
                changes=tuple(
                    change(f"module.{name}.aws_codepipeline_resource.of_kind_{n}", actions[i % 4]) for n in range(9)
                ),
            )
            for i, name in enumerate(names)
        ),
        unchanged=("quiet",),
    )


def parsed(text: str) -> list[Token]:
    """All tokens of GitHub's dialect, the inline ones too."""
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"]).parse(text)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


def kinds(text: str) -> set[str]:
    return {token.type for token in parsed(text)}


def outside_code(text: str) -> str:
    return " ".join(token.content for token in parsed(text) if token.type in ("text", "html_block", "html_inline"))


def test_what_a_reviewer_reads() -> None:
    web = ImagePlan(
        name="web",
        changes=(
            change("module.web.b.new"),
            change("module.web.a.old", "replace", reason="cannot_update", forced_by=("name", "region")),
            change("module.web.c.moved", "move", moved_from="module.site.c.moved"),
        ),
        drift=(change("module.web.d.drifted", "update"),),
    )
    gone = change("module.db.x.r0", "delete", reason="delete_because_no_module")
    odd = change("module.db.x.r1", "delete", reason="delete_because_*new*")
    summary = plan(
        web,
        ImagePlan(name="db", changes=(gone, odd)),
        image("new", "create"),
        unchanged=("a", "b"),
        outputs=("region",),
    )
    text = render(summary, target="terraform/pipelines", refused=["web", "db"], link=LINK, commit="0123456789abcdef")
    assert text.startswith("### Plan of `terraform/pipelines`\n\n**1 destroyed, 1 replaced, 1 created, 2 unchanged**\n")
    assert "**Refused:** 2 images would be destroyed or replaced without permission: `db`, `web`." in text
    assert "as in `--allow-destroy db`" in text
    assert "`Plan: 1 to add.`" in text
    assert "Changes to outputs: `region`." in text
    assert f"From commit `0123456789ab`, [CI run]({LINK})." in text
    # Gravest first, in the table as in the details.
    assert re.findall(r"^\| `(\w+)` \| (\w+)", text, re.MULTILINE) == [
        ("db", "destroyed"),
        ("web", "replaced"),
        ("new", "created"),
    ]
    assert re.findall(r"^`(\w+)` is (\w+):$", text, re.MULTILINE) == [
        ("db", "destroyed"),
        ("web", "replaced"),
        ("new", "created"),
    ]
    assert "- replaced `module.web.a.old`, forced by `name`, `region`\n- created `module.web.b.new`\n" in text
    assert "- destroyed `module.db.x.r0`: its module is no longer called\n" in text
    assert "- destroyed `module.db.x.r1`: `delete because *new*`\n" in text
    assert "- moved `module.web.c.moved`, before `module.site.c.moved`\n- drifted `module.web.d.drifted`\n" in text
    assert "| `web` | replaced |  | 1 | 1 | 1 | 1 |" in text


def test_an_image_that_loses_a_part_comes_before_one_that_is_changed() -> None:
    text = render(plan(image("a", "update"), image("b", "create", "delete")), target="t")
    assert text.index("| `b` |") < text.index("| `a` |")


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (plan(changed=False), "No changes"),
        (plan(ImagePlan(name="web", drift=(change("module.web.x"),)), changed=False), "No changes; 1 image drifted"),
        (plan(image("web", "move", "move")), "Moves only: nothing in AWS changes"),
        (plan(changed=True, outputs=("a",)), "Changes to outputs only"),
        (plan(image(SHARED, "update"), image("web", "create", "update")), "2 changed"),
    ],
)
def test_the_verdict(summary: PlanSummary, said: str) -> None:
    assert verdict(summary) == said
    assert f"**{said}**" in render(summary, target="t")


def test_a_limited_plan_says_so() -> None:
    text = render(plan(image("web", "create"), targets=("web",)), target="t")
    assert "Only the images that the branch changes were planned: `web`. A full plan follows after the merge." in text


@pytest.mark.parametrize("host", HOSTS)
def test_three_hundred_images_stay_within_each_limit(host: HostName) -> None:
    style = STYLES[host]
    summary = big()
    refused = [image.name for image in summary.images if image.destroys]
    made = compose(
        summary, target="t", refused=refused, link=LINK, commit="c" * 40, style=style, marker=marker(style, "t")
    )
    assert style.limit is not None
    assert style.limit * 0.9 < len(made.text.encode()) <= style.limit  # full, but not too full
    assert made.cut
    assert made.text.startswith(f"{marker(style, 't')}\n\n### Plan of `t`\n\n**75 destroyed, 75 replaced, 75 changed")
    assert "**Refused:** 150 images" in made.text
    assert f"The full plan is in [the log of the CI run]({LINK})." in made.text.splitlines()[-1]
    shown = len(re.findall(r"^\| `image", made.text, re.MULTILINE))
    absent = re.search(r"(\d+) images left out of the table", made.text)
    assert shown + (int(absent.group(1)) if absent else 0) == 300
    blocks = len(re.findall(r"^`image-\d+` is ", made.text, re.MULTILINE))
    left = re.search(r"the resources of (\d+) images left out", made.text)
    assert left is not None
    assert blocks - 1 <= 300 - int(left.group(1)) <= blocks
    assert made.text.count("<details>") == made.text.count("</details>") == (1 if blocks and style.collapsible else 0)


def test_nothing_is_cut_where_there_is_no_limit() -> None:
    made = compose(big(), target="t")
    assert not made.cut
    assert made.text.count("- ") >= 2700


@pytest.mark.parametrize("host", ["bitbucket", "codecommit"])
def test_hosts_that_show_html_as_text_get_none(host: HostName) -> None:
    style = STYLES[host]
    made = compose(plan(image("web", "create")), target="t", style=style, marker=marker(style, "t")).text
    assert "<" not in made
    assert not any(token.type.startswith("html") for token in parsed(made))
    assert "tfgen plan" not in outside_code(made)  # the marker is a link's definition that nobody sees


def test_each_target_has_its_own_marker() -> None:
    marks = {marker(STYLES[host], target) for host in HOSTS for target in ("a", "b", "a\nb", "--> <b>", "\udc80")}
    assert len(marks) == 10  # Bitbucket and CodeCommit share a form
    assert all(
        re.fullmatch(r"<!-- tfgen plan [0-9a-f]{16} -->|\[comment\]: # \(tfgen plan [0-9a-f]{16}\)", m) for m in marks
    )


SAMPLES = [
    "`",
    "``",
    "a`b",
    "``` \n# big",
    "</details>",
    "<!-- tfgen plan 0123456789abcdef -->",
    "| a | b |",
    "\n\n# heading",
    "[x](https://evil.example)",
    "https://evil.example",
    "@octocat",
    "@{someone}",
    "#1",
    "![i](https://evil.example/i.png)",
    "<img src=x onerror=alert(1)>",
    "a\\",
    "\\`",
    "\u202eevil\u202c",
    "\u200b",
    "&lt;b&gt;",
    "::add-mask::x",
    "##[group]x",
    "[comment]: # (tfgen plan 0123456789abcdef)",
    "* x",
    "---",
    "\r\n- x",
    "",
    " ",
    "\u2028",
    "www.evil.example",
    "evil@example.com",
    "GH-1",
    "\x00\x1b[31m",
    "a" * 5000,
    "\U0001f600" * 400,
]
HOSTILE = st.one_of(st.text(max_size=120), st.sampled_from(SAMPLES))


@depth.deep
@settings(max_examples=depth.amount(20, 120), deadline=None)
@given(
    texts=st.lists(HOSTILE, min_size=8, max_size=8),
    host=st.sampled_from([*HOSTS, None]),
    many=st.sampled_from([1, 40]),
)
def test_hostile_text_is_only_text(texts: list[str], host: HostName | None, many: int) -> None:
    assert_only_text(texts, host, many)


@pytest.mark.parametrize("host", [*HOSTS, None])
@pytest.mark.parametrize("text", SAMPLES)
def test_known_tricks_are_only_text(text: str, host: HostName | None) -> None:
    assert_only_text([text] * 8, host, 1)


def assert_only_text(texts: list[str], host: HostName | None, many: int) -> None:
    """A plan made of such texts has our headings, our table and our HTML, and nothing else but code."""
    name, address, reason, attribute, before, output, target, commit = texts
    style = STYLES[host] if host else WHOLE
    mark = marker(style, target)
    resource = change(address, "replace", reason=reason, forced_by=(attribute,) * 12, moved_from=before, imported=name)
    more: dict[str, Any] = {
        "actions": (Invocation(address=address, event=reason, resource=before),),
        "deferred": (Deferred(address=address, action=attribute, reason=reason),),
    }
    images = [ImagePlan(name=f"{name}{n}", changes=(resource,) * 5, drift=(resource,), **more) for n in range(many)]
    summary = plan(
        *images,
        outputs=(output,) * 12,
        targets=(name,) * 12,
        line=reason,
        failed_checks=(attribute,) * 12,
        not_understood=(NotUnderstood(type=output, count=1),) * 12,
    )
    made = compose(
        summary, target=target, refused=[name] * 12, acting=[name] * 12, commit=commit, style=style, marker=mark
    ).text
    assert style.limit is None or len(made.encode()) <= style.limit
    tokens = parsed(made)
    assert not {"link_open", "image"} & kinds(made)
    html = [token.content.strip() for token in tokens if token.type in ("html_block", "html_inline")]
    assert set(html) <= {mark, "</details>"} | {
        h for h in html if re.fullmatch(r"<details><summary>Resources \(\d+\)</summary>", h)
    }
    assert [token.type for token in tokens].count("table_open") == 1
    assert [token.type for token in tokens].count("heading_open") == 1 + (
        not style.collapsible and "#### Resources" in made
    )
    cells = [token.type for token in tokens]
    columns = cells.count("th_open")
    assert cells.count("td_open") == columns * (cells.count("tr_open") - 1)
    rows = [line for line in made.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {columns + 1}
    assert made.partition("\n")[0] == mark
    assert made.count("tfgen plan ") - made.count("tfgen plan 0123456789abcdef") <= 1
    outside = outside_code(made)
    assert not re.search(r"evil|octocat|someone|alert|@|#\d|GH-1", outside)
    assert made.isprintable() or set(filter(lambda c: not c.isprintable(), made)) == {"\n"}
    assert not re.search(r"^\s*::|##\[", made, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('module.web.aws_x.y["a-b"]', '`module.web.aws_x.y["a-b"]`'),
        # Bitbucket reads tags and mentions before it looks for code, as far as anybody has written down.
        ("<b>@{me}", "`\\x3cb\\x3e\\x40{me}`"),
        ("a`|b", "`a\\x60\\x7cb`"),
        ("a\\b\n\u202e", "`a\\\\b\\x0a\\u202e`"),
        ("##[x]", "`\\x23#[x]`"),
        ("", "`(no name)`"),
        ("x" * 100, f"`{'x' * 77}...`"),
    ],
)
def test_what_is_written_of_a_name(text: str, shown: str) -> None:
    assert code(text) == shown


@given(text=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_a_name_takes_so_many_bytes_at_most(text: str) -> None:
    assert len(code(text).encode()) <= 82
    assert len(names([text] * 1000).encode()) <= 10 * 84 + len(" and 990 more")


def test_a_small_limit_never_cuts_the_summary() -> None:
    summary = plan(image("web", "delete"))
    whole = compose(summary, target="t", refused=["web"]).text
    cut = compose(summary, target="t", refused=["web"], style=Style(collapsible=True, hides_html=True, limit=10)).text
    assert cut.startswith(whole.partition("\n\n|")[0].rstrip())
    assert "**Cut:** 1 image left out of the table" in cut


def test_a_link_is_the_ci_run_s_alone() -> None:
    assert "link_open" in kinds(render(plan(image("web", "create")), target="t", link=LINK))
    for bad in (
        "javascript:alert(1)",
        "https://a.example/x) [y](https://b.example",
        "https://a.example/\n# x",
        LINK + "x" * 600,
    ):
        assert "link_open" not in kinds(render(plan(image("web", "create")), target="t", link=bad))
