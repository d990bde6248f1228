"""How a plan looks: a table by image, JSON, or Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tfgen.console import note, one_line, out, out_json, out_table
from tfgen.phrases import counted, some
from tfgen.terraform.reports.actions import Invocation
from tfgen.terraform.reports.merged import deferred_lines
from tfgen.terraform.reports.plan import (
    ACTIONS,
    DEFERRED,
    DRIFTED,
    INVOKED,
    NOTHING_DIFFERS,
    SHARED,
    WORDS,
    ImagePlan,
    PlanSummary,
    ResourceChange,
)

_ALWAYS = ("create", "update", "replace", "delete")
#: Lines of resources below the table; JSON has all.
_SHOWN = 40


def show_plan(summary: PlanSummary) -> None:
    """The table, what is destroyed and why, then Terraform's own line, on stdout."""
    _show_headline(summary)
    if summary.images:
        _show_images(summary)
    if summary.images and summary.unchanged:
        out(f"{len(summary.unchanged)} more unchanged")
    _show_resources(summary)
    if summary.images:
        out()
    if summary.line and (summary.changed or summary.line == NOTHING_DIFFERS):
        out(summary.line)
    if summary.outputs:
        out(f"Changes to outputs: {', '.join(summary.outputs)}")
    for line in _remarks(summary):
        out(one_line(line), style="yellow")


def _show_headline(summary: PlanSummary) -> None:
    if summary.line == NOTHING_DIFFERS:
        pass
    elif not summary.changed:
        whole = summary.unchanged and not summary.targets and not summary.deferred
        out("No changes. AWS matches the templates." if whole else "No changes in what was planned.")
    elif summary.refresh_only:
        out("Refresh only: Terraform's state is updated, and nothing changes in AWS.")
    elif summary.moves_only:
        out("Moves only: addresses change in Terraform's state, and nothing changes in AWS.")


def _remarks(summary: PlanSummary) -> Iterable[str]:
    """What the plan does not do, or what is not known of it."""
    if summary.failed_checks:
        yield f"Failed checks: {some(summary.failed_checks, most=_SHOWN)}"
    if summary.deferred or summary.incomplete:
        yield "This plan is not complete: after the apply, run tfgen plan again"
    for item in summary.not_understood:
        yield f"not understood: {item}"


def show_not_planned(summary: PlanSummary, *, data: bool) -> None:
    """What an untrusted branch changes and the plan does not show: on stdout where it is `data`, else on stderr."""
    say = out if data else note
    for item in summary.not_planned[:_SHOWN]:
        say(one_line(str(item)), style="yellow")
    if (more := len(summary.not_planned) - _SHOWN) > 0:
        say(f"not planned: {more} more (--format json has all)", style="yellow")


def show_plan_json(
    summary: PlanSummary, plan_file: Path, refused: Sequence[str] = (), acting: Sequence[str] = ()
) -> None:
    """The same as one document (docs/json.md, docs/plan.schema.json)."""
    out_json(
        {
            "changes": summary.changed,
            "moves_only": summary.moves_only,
            "images": [_image(image) for image in summary.images],
            "unchanged": list(summary.unchanged),
            "targets": list(summary.targets),
            "refused": list(refused),
            "refused_actions": list(acting),
            "not_planned": [
                {"path": item.path, "line": item.line or None, "reason": item.reason} for item in summary.not_planned
            ],
            "outputs": list(summary.outputs),
            "failed_checks": list(summary.failed_checks),
            "not_understood": [{"type": item.type, "count": item.count} for item in summary.not_understood],
            "complete": not (summary.deferred or summary.incomplete),
            "summary": {
                "add": summary.counts.add,
                "change": summary.counts.change,
                "remove": summary.counts.remove,
                "import": summary.counts.imported,
                "actions": summary.invoked,
            },
            "line": summary.line,
            "plan": str(plan_file),
        }
    )


def show_plan_markdown(
    summary: PlanSummary, target: str, refused: Sequence[str] = (), acting: Sequence[str] = ()
) -> None:
    """The same as a page, as `tfgen comment` posts it."""
    from tfgen.plan.markdown import compose

    out(compose(summary, target=target, refused=refused, acting=acting).text.rstrip("\n"))


def show_next(plan_file: Path, refused: Sequence[str] = (), advice: str = "", acting: Sequence[str] = ()) -> None:
    """What to type to apply this very plan; nothing where something would first have to be allowed.

    `advice` says what to do instead of allowing it; `acting` are the images whose actions have to be allowed.
    """
    import shlex

    if refused:
        then = advice or "tfgen apply needs --allow-destroy NAME for each"
        note(f"the plan destroys or replaces: {some(refused, most=5)}; {then}")
    if acting:
        note(f"the plan invokes actions of: {some(acting, most=5)}; tfgen apply needs --allow-action NAME for each")
    if refused or acting:
        return
    shown = str(plan_file)
    note(f"to apply this plan, run: tfgen apply {shlex.quote(f'./{shown}' if shown.startswith('-') else shown)}")


def _show_images(summary: PlanSummary) -> None:
    columns = [a for a in ACTIONS if a in _ALWAYS or any(image.count(a) for image in summary.images)]
    more = {INVOKED: _invoked, DEFERRED: _deferred, DRIFTED: _drifted}
    more = {word: count for word, count in more.items() if any(map(count, summary.images))}
    header = ["IMAGE", "ACTION", *(WORDS[action].upper() for action in columns), *map(str.upper, more)]
    rows = [
        [
            image.name,
            f"{image.action} from {image.moved_from}" if image.moved_from else image.action,
            *(str(image.count(action)) for action in columns),
            *(str(count(image)) for count in more.values()),
        ]
        for image in summary.images
    ]
    out_table(header, rows, right=range(2, len(header)))


def _invoked(image: ImagePlan) -> int:
    return len(image.actions)


def _deferred(image: ImagePlan) -> int:
    return len(image.deferred)


def _drifted(image: ImagePlan) -> int:
    return len(image.drift)


def _show_resources(summary: PlanSummary) -> None:
    """What is lost comes first, a whole image in one line; then what changes in images that stay."""
    lost = [line for image in summary.images for line in _lost(image)]
    others = [line for image in summary.images for line in _invocations(image)]
    others += [line for image in summary.images for line in _told(image, ("update", "create", "remove", "import"))]
    others += [line for image in summary.images for line in deferred_lines(image.deferred)]
    if not lost and not others:
        return
    out()
    for number, line in enumerate([*lost, *others][:_SHOWN]):
        out(one_line(line), style="red" if number < len(lost) else "")
    if (more := len(lost) + len(others) - _SHOWN) > 0:
        out(f"and {more} more (--format json shows all)")


def _lost(image: ImagePlan) -> Iterable[str]:
    if image.action == WORDS["delete"] and image.name != SHARED:
        return [f"{image.name} is destroyed completely: {counted(len(image.changes), 'resource')}"]
    return _told(image, ("replace", "delete"))


def _invocations(image: ImagePlan) -> Iterable[str]:
    return (f"{action.address} is invoked {action.when}" for action in image.actions)


def _told(image: ImagePlan, actions: Sequence[str]) -> Iterable[str]:
    """Nothing of an image to which all the same happens: the table has said it."""
    if image.name != SHARED and image.action in (WORDS["create"], WORDS["remove"], WORDS["import"]):
        return
    for change in image.changes:
        if change.action in actions:
            yield f"{change.address} is {WORDS[change.action]}{f': {change.why}' if change.why else ''}"


def _image(image: ImagePlan) -> dict[str, object]:
    return {
        "name": image.name,
        "action": image.action,
        "moved_from": image.moved_from or None,
        **{WORDS[action]: image.count(action) for action in ACTIONS},
        "invoked": len(image.actions),
        "deferred": len(image.deferred),
        "drifted": len(image.drift),
        "resources": [_resource(change) for change in image.changes],
        "drift": [{"address": change.address, "action": change.action} for change in image.drift],
        "actions": [_action(action) for action in image.actions],
        "deferrals": [
            {"address": item.address, "action": item.action, "reason": item.reason or None} for item in image.deferred
        ],
    }


def _resource(change: ResourceChange) -> dict[str, object]:
    return {
        "address": change.address,
        "action": change.action,
        "reason": change.reason or None,
        "forced_by": list(change.forced_by),
        "moved_from": change.moved_from or None,
        "imported_by": change.imported or None,
    }


def _action(action: Invocation) -> dict[str, object]:
    return {
        "address": action.address,
        "event": action.event or None,
        "resource": action.resource or None,
        "on_failure": action.on_failure or None,
    }
