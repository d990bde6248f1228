"""How a plan looks: a table by image, or JSON."""

from __future__ import annotations

from pathlib import Path

from tfgen.console import note, out, out_json, out_table
from tfgen.terraform.plan import ACTIONS, WORDS, ImagePlan, PlanSummary

_ALWAYS = ("create", "update", "replace", "delete")


def show_plan(summary: PlanSummary) -> None:
    """The table, then Terraform's own line, on stdout."""
    if not summary.changed:
        out("No changes. AWS is what the templates say.")
    if summary.images:
        columns = [a for a in ACTIONS if a in _ALWAYS or any(image.count(a) for image in summary.images)]
        header = ["IMAGE", "ACTION", *(WORDS[action].upper() for action in columns)]
        rows = [
            [image.name, image.action, *(str(image.count(action)) for action in columns)] for image in summary.images
        ]
        out_table(header, rows, right=range(2, len(header)))
        out()
    if summary.line:
        out(summary.line)
    if summary.outputs:
        out(f"Changes to outputs: {', '.join(summary.outputs)}")


def show_plan_json(summary: PlanSummary, plan_file: Path) -> None:
    """The same as one document (docs/json.md)."""
    out_json(
        {
            "changes": summary.changed,
            "images": [_image(image) for image in summary.images],
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


def show_next(plan_file: Path) -> None:
    """What to type to apply this very plan."""
    import shlex

    note(f"to apply exactly this plan, run: tfgen apply {shlex.quote(str(plan_file))}")


def _image(image: ImagePlan) -> dict[str, object]:
    return {
        "name": image.name,
        "action": image.action,
        **{WORDS[action]: image.count(action) for action in ACTIONS},
        "resources": [
            {"address": change.resource.addr, "action": change.action, "reason": change.reason or None}
            for change in image.changes
        ],
    }
