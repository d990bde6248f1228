"""A report as a table; what was refused, as an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.console import Format
    from tfgen.publish.model import Report


def tell(text: str) -> None:
    """A line of talk, of what is done and what is to be known."""
    from tfgen.console import note, one_line

    note(one_line(text), style="yellow" if text.startswith("warning:") else "")


def show(report: Report, format_: Format) -> int:
    """Prints it. Raises RefusedError after that where a gate is closed."""
    from tfgen.console import note, one_line, out_json, out_table

    if format_ == "json":
        import msgspec

        out_json(msgspec.to_builtins(report))
    elif report.regions:
        header = ["REGION", "AMI", "BEFORE", "ACTION", "VERSION"]
        rows = [
            (one.region, one.ami or "(a copy)", one.before or "-", one.action, str(one.version or "-"))
            for one in report.regions
        ]
        out_table(header, rows)
    for template in report.launch_templates:
        reason = f" ({template.reason})" if template.reason else ""
        note(one_line(f"launch template {template.id} in {template.region}: {template.action}{reason}"))
    closed = [one for one in report.gates if not one.passed]
    if closed:
        reasons = "; ".join(one_line(f"{one.gate}: {one.reason}") for one in closed)
        message = f"{report.image} {report.ami} may not go to {report.channel}: {reasons}"
        raise RefusedError(message, fix="no channel was moved (docs/publish.md)")
    return 0
