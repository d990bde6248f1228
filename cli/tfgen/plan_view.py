"""How a plan looks: a table by image, JSON, or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfgen.console import note, one_line, out, out_json, out_table
from tfgen.terraform.plan import (
    ACTIONS,
    DRIFTED,
    NOTHING_DIFFERS,
    SHARED,
    WORDS,
    ImagePlan,
    PlanSummary,
    ResourceChange,
)

_ALWAYS = ("create", "update", "replace", "delete")
#: Lines of what is lost below the table; JSON has all.
_SHOWN = 40


def show_plan(summary: PlanSummary) -> None:
    """The table, what is destroyed and why, then Terraform's own line, on stdout."""
    if summary.line == NOTHING_DIFFERS:
        pass
    elif not summary.changed:
        out("No changes. AWS is what the templates say." if not summary.targets else "No changes in these images.")
    elif summary.moves_only:
        out("Moves only: Terraform writes other addresses into its state, and nothing changes in AWS.")
    if summary.images:
        _show_images(summary)
    if summary.images and summary.unchanged:
        out(f"{len(summary.unchanged)} more unchanged")
    _show_gravest(summary)
    if summary.images:
        out()
    if summary.line:
        out(summary.line)
    if summary.outputs:
        out(f"Changes to outputs: {', '.join(summary.outputs)}")


def show_plan_json(summary: PlanSummary, plan_file: Path, refused: Sequence[str] = ()) -> None:
    """The same as one document (docs/json.md, docs/plan.schema.json)."""
    out_json(
        {
            "changes": summary.changed,
            "moves_only": summary.moves_only,
            "images": [_image(image) for image in summary.images],
            "unchanged": list(summary.unchanged),
            "targets": list(summary.targets),
            "refused": list(refused),
            "outputs": list(summary.outputs),
            "summary": {
                "add": summary.counts.add,
                "change": summary.counts.change,
                "remove": summary.counts.remove,
                "import": summary.counts.imported,
            },
            "line": summary.line,
            "plan": str(plan_file),
        }
    )


def show_plan_markdown(summary: PlanSummary, target: str, refused: Sequence[str] = ()) -> None:
    """The same as a page, as `tfgen comment` posts it."""
    from tfgen.markdown import render

    out(render(summary, target=target, refused=refused).rstrip("\n"))


def show_next(plan_file: Path, refused: Sequence[str] = ()) -> None:
    """What to type to apply this very plan."""
    import shlex

    flags = "".join(f" --allow-destroy {shlex.quote(name)}" for name in refused)
    note(f"to apply exactly this plan, run: tfgen apply {shlex.quote(str(plan_file))}{flags}")


def _show_images(summary: PlanSummary) -> None:
    columns = [a for a in ACTIONS if a in _ALWAYS or any(image.count(a) for image in summary.images)]
    drifted = any(image.drift for image in summary.images)
    header = ["IMAGE", "ACTION", *(WORDS[action].upper() for action in columns), *([DRIFTED.upper()] * drifted)]
    rows = [
        [
            image.name,
            f"{image.action} from {image.moved_from}" if image.moved_from else image.action,
            *(str(image.count(action)) for action in columns),
            *([str(len(image.drift))] * drifted),
        ]
        for image in summary.images
    ]
    out_table(header, rows, right=range(2, len(header)))


def _show_gravest(summary: PlanSummary) -> None:
    """What is lost, and why: a whole image in one line, else every resource."""
    lost = [line for image in summary.images for line in _lost(image)]
    if not lost:
        return
    out()
    for line in lost[:_SHOWN]:
        out(one_line(line), style="red")
    if len(lost) > _SHOWN:
        out(f"and {len(lost) - _SHOWN} more (--format json has all)")


def _lost(image: ImagePlan) -> list[str]:
    if image.action == WORDS["delete"] and image.name != SHARED:
        return [f"{image.name} is destroyed, all that it has: {_resources(len(image.changes))}"]
    return [
        f"{change.address} is {WORDS[change.action]}{f': {change.why}' if change.why else ''}"
        for change in image.changes
        if change.action in ("replace", "delete")
    ]


def _resources(number: int) -> str:
    return f"{number} resource{'' if number == 1 else 's'}"


def _image(image: ImagePlan) -> dict[str, object]:
    return {
        "name": image.name,
        "action": image.action,
        "moved_from": image.moved_from or None,
        **{WORDS[action]: image.count(action) for action in ACTIONS},
        "drifted": len(image.drift),
        "resources": [_resource(change) for change in image.changes],
        "drift": [{"address": change.address, "action": change.action} for change in image.drift],
    }


def _resource(change: ResourceChange) -> dict[str, object]:
    return {
        "address": change.address,
        "action": change.action,
        "reason": change.reason or None,
        "forced_by": list(change.forced_by),
        "moved_from": change.moved_from or None,
    }
