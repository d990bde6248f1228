"""A plan as Markdown: what a pull request's comment says, within what its host can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfgen.hosts.model import Style
from tfgen.plan.markdown_text import MOST_ADDRESS, code, fit, is_link, names, row, size, words
from tfgen.terraform.reports.plan import NOTHING_DIFFERS

if TYPE_CHECKING:
    from tfgen.plan.compared.behind import Behind
    from tfgen.terraform.reports.actions import Invocation
    from tfgen.terraform.reports.plan import ImagePlan, NotPlanned, PlanSummary, ResourceChange

#: Gravest first: the order of the verdict, the table and the details. The words are `ImagePlan.action`'s.
GRAVITY = (
    *("destroyed", "replaced", "changed", "created", "invoked"),
    *("forgotten", "imported", "moved", "deferred", "drifted"),
)
#: Terraform's actions in the same order, with their words.
_ACTIONS = {
    "delete": "destroyed",
    "replace": "replaced",
    "update": "changed",
    "create": "created",
    "remove": "forgotten",
    "import": "imported",
    "move": "moved",
}


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A comment's text; `cut` when details were left out of it."""

    text: str
    cut: bool


#: What is not planned, in lines: the summary is never cut.
_MOST_NOT_PLANNED = 10
_MOST_PLACE = 120
#: Markdown in full, as GitHub shows it.
WHOLE = Style(collapsible=True, hides_html=True)


def compose(
    summary: PlanSummary,
    *,
    target: str,
    refused: Sequence[str] = (),
    limit: int | None = None,
    link: str = "",
    commit: str = "",
    style: Style = WHOLE,
    marker: str = "",
    behind: Behind | None = None,
    acting: Sequence[str] = (),
) -> Rendered:
    """The Markdown of `summary`, at most `limit` bytes long, after a first line `marker`. The summary is never cut.

    `refused` names the images that the gate refuses, and `behind` those of them that only lack commits of the base;
    `acting` those whose actions it refuses; `target` is the plan's name on the pull request.
    """
    head = "\n\n".join(
        [*([marker] if marker else []), _title(target), *_summary(summary, refused, acting, behind, link, commit)]
    )
    images = sorted(summary.images, key=_rank)
    details = _Details(images, style)
    room = limit if limit is not None else style.limit
    if room is None:
        return Rendered(text=f"{head}\n{details.whole()}", cut=False)
    body = details.whole()
    if size(head) + size(body) + 1 <= room:
        return Rendered(text=f"{head}\n{body}", cut=False)
    return Rendered(text=f"{head}\n{details.fitting(room - size(head) - 1, _log(link))}", cut=True)


def compose_failed(target: str, *, link: str = "", commit: str = "", marker: str = "") -> Rendered:
    """What is said in the place of a plan that failed; `marker` is the first line."""
    said = [*([marker] if marker else []), _title(target), "**The plan failed**, so the changes are not known."]
    return Rendered(text="\n\n".join([*said, *_origin(link, commit)]) + "\n", cut=False)


def verdict(summary: PlanSummary) -> str:
    """One line for people: how many images are destroyed, replaced, ..., and how many stay as they are."""
    if summary.line == NOTHING_DIFFERS:
        return "No image differs from the base: nothing was planned"
    if summary.refresh_only and summary.changed:
        return "Refresh only: the state is updated, nothing in AWS changes"
    if not summary.changed:
        drifted = sum(image.action == "drifted" for image in summary.images)
        later = f"; {summary.deferred} deferred" if summary.deferred else ""
        return f"No changes{f'; {_images(drifted)} drifted' if drifted else ''}{later}"
    if summary.moves_only:
        return "Moves only: nothing in AWS changes"
    counts = {word: sum(image.action == word for image in summary.images) for word in GRAVITY}
    said = [f"{count} {word}" for word, count in counts.items() if count]
    if not said:
        return "Changes to outputs only" if summary.outputs else "Changes outside of images"
    if summary.unchanged:
        said.append(f"{len(summary.unchanged)} unchanged")
    return ", ".join(said)


def _summary(
    summary: PlanSummary,
    refused: Sequence[str],
    acting: Sequence[str],
    behind: Behind | None,
    link: str,
    commit: str,
) -> Iterable[str]:
    yield f"**{verdict(summary)}**"
    if refused:
        advice = behind.advice(code) if behind and behind.explains(refused) else ""
        allow = f"To allow it, name each image, as in {code(f'--allow-destroy {min(refused)}')}"
        yield (
            f"**Refused:** {_images(len(refused))} would be destroyed or replaced without permission: "
            f"{names(sorted(refused))}. {advice[:1].upper()}{advice[1:] or allow}."
        )
    if acting:
        yield (
            f"**Refused:** actions of {_images(len(acting))} would be invoked without permission: "
            f"{names(sorted(acting))}. To allow it, name each image, as in {code(f'--allow-action {min(acting)}')}."
        )
    if summary.line and summary.changed:
        yield code(summary.line, most=MOST_ADDRESS)
    if summary.targets:
        yield (
            f"Only the images that the branch changes were planned: {names(summary.targets)}. "
            "A full plan follows after the merge."
        )
    if summary.outputs:
        yield f"Changes to outputs: {names(summary.outputs)}."
    yield from _remarks(summary)
    yield from _not_planned(summary)
    yield from _origin(link, commit)


def _remarks(summary: PlanSummary) -> Iterable[str]:
    """What the plan does not do, or what is not known of it."""
    if summary.failed_checks:
        yield f"**Failed checks:** {names(summary.failed_checks)}."
    if summary.deferred or summary.incomplete:
        yield "**Not complete:** this plan leaves something to a later plan, which must follow the apply."
    if summary.not_understood:
        yield f"**Not understood:** {names([str(item) for item in summary.not_understood])}."


def _not_planned(summary: PlanSummary) -> Iterable[str]:
    """What an untrusted branch changes besides."""
    if not summary.not_planned:
        return
    items = summary.not_planned
    lines = [f"- {code(_place(item), most=_MOST_PLACE)}: {words(item.reason)}" for item in items[:_MOST_NOT_PLANNED]]
    more = len(items) - len(lines)
    lines += [f"- and {more} more"] if more > 0 else []
    yield "**Not planned** (needs a trusted plan):\n\n" + "\n".join(lines)


def _place(item: NotPlanned) -> str:
    return f"{item.path}:{item.line}" if item.line else item.path


def _title(target: str) -> str:
    return f"### Plan of {code(target)}"


def _origin(link: str, commit: str) -> Iterable[str]:
    origin = [f"commit {code(commit[:12])}"] if commit else []
    if is_link(link):
        origin.append(f"[CI run]({link})")
    if origin:
        yield f"From {', '.join(origin)}."


#: What else an image has, beside its changes.
_MORE: dict[str, Callable[[ImagePlan], Sequence[object]]] = {
    "invoked": lambda image: image.actions,
    "deferred": lambda image: image.deferred,
    "drifted": lambda image: image.drift,
}


class _Details:
    """The table of images, gravest first, then each image's resources: lines that can be left out from the end."""

    def __init__(self, images: Sequence[ImagePlan], style: Style) -> None:
        self.images, self.style = images, style
        shown = {action: word for action, word in _ACTIONS.items() if any(image.count(action) for image in images)}
        more = [word for word, of in _MORE.items() if any(map(of, images))]
        header = ["Image", "Action", *shown.values(), *more]
        self.header = [row(header), row(["---", "---", *["---:"] * (len(header) - 2)])]
        self.rows = [
            row(
                [
                    code(image.name),
                    image.action,
                    *(str(image.count(action) or "") for action in shown),
                    *(str(len(_MORE[word](image)) or "") for word in more),
                ]
            )
            for image in images
        ]
        self.blocks = [_block(image) for image in images]
        resources = sum(len(image.changes) + sum(len(of(image)) for of in _MORE.values()) for image in images)
        title = f"Resources ({resources})"
        self.before = ["", f"<details><summary>{title}</summary>"] if style.collapsible else ["", f"#### {title}"]
        self.after = ["", "</details>"] if style.collapsible else []

    def whole(self) -> str:
        """All of it."""
        return self._text(len(self.rows), [line for block in self.blocks for line in block])

    def fitting(self, room: int, log: str) -> str:
        """What fits into `room` bytes, with a line that says what was left out."""
        room -= size(_left_out(len(self.images), len(self.images), log)) + 2
        rows = fit(self.rows, room - size("\n".join(["", *self.header])) - 1)
        if rows == 0:
            return f"\n{_left_out(len(self.images), len(self.images), log)}\n"
        room -= size(self._text(rows, ())) + size("\n".join([*self.before, *self.after])) + 2
        lines, complete = list[str](), 0
        for block in self.blocks if rows == len(self.rows) else []:
            taken = fit(block, room)
            lines += block[:taken] if taken > _HEADING or taken == len(block) else []
            room -= size("\n".join(block[:taken])) + 1
            if taken < len(block):
                break
            complete += 1
        return f"{self._text(rows, lines)}\n{_left_out(len(self.rows) - rows, len(self.blocks) - complete, log)}\n"

    def _text(self, rows: int, resources: Sequence[str]) -> str:
        if not self.rows:
            return ""
        lines = ["", *self.header, *self.rows[:rows]]
        if resources:
            lines += [*self.before, *resources, *self.after]
        return "\n".join([*lines, ""])


#: The lines of a block before its first resource.
_HEADING = 3


def _block(image: ImagePlan) -> list[str]:
    order = list(_ACTIONS.values())
    said = [(order.index(_ACTIONS.get(change.action, "changed")), change) for change in image.changes]
    lines = [_change(change, order[rank]) for rank, change in sorted(said, key=lambda pair: pair[0])]
    drift = [_change(change, "drifted") for change in image.drift]
    actions = [f"- invoked {code(item.address, most=MOST_ADDRESS)} {_when(item)}" for item in image.actions]
    later = [f"- deferred {code(item.address, most=MOST_ADDRESS)}: {words(item.why)}" for item in image.deferred]
    return ["", f"{code(image.name)} is {image.action}:", "", *lines, *actions, *later, *drift]


def _when(action: Invocation) -> str:
    return code(action.when, most=MOST_ADDRESS)


def _change(change: ResourceChange, word: str) -> str:
    said = f"- {word} {code(change.address, most=MOST_ADDRESS)}"
    if change.forced_by:
        said += f", forced by {names(change.forced_by)}"
    elif change.reason or change.action == "remove":
        said += f": {words(change.why)}"
    if change.imported:
        said += f", imported by {code(change.imported)}"
    return f"{said}, before {code(change.moved_from, most=MOST_ADDRESS)}" if change.moved_from else said


def _left_out(images: int, resources: int, log: str) -> str:
    absent = f"{_images(images)} left out of the table, and " if images else ""
    return (
        f"**Cut:** {absent}the resources of {_images(resources)} left out, whole or in part, "
        f"because of the length limit of comments. The full plan is in {log}."
    )


def _log(link: str) -> str:
    return f"[the log of the CI run]({link})" if is_link(link) else "the log of the CI run"


def _rank(image: ImagePlan) -> tuple[bool, int, str]:
    return not image.destroys, GRAVITY.index(image.action), image.name


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
