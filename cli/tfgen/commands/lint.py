"""`tfgen lint`: checks across Packer, Ansible and the pipelines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.completion import values
from tfgen.console import note, one_line
from tfgen.lint.formats.render import LintFormat
from tfgen_generators.errors import UsageError

if TYPE_CHECKING:
    from tfgen.lint.formats.shown import Result
    from tfgen_generators.lint.model import Severity

EXAMPLES = """\b
Examples:
  tfgen lint                               the whole repository
  tfgen lint packer/web.json ansible/      show the findings in these paths
  tfgen lint --fix                         fix what can be fixed safely, show the rest
  tfgen lint --format sarif > tfgen.sarif  for GitHub's code scanning
  tfgen lint --rule unused-role            run only this rule
  tfgen lint --explain unused-role         show the page of this rule
  tfgen lint --baseline lint.json --write-baseline
                                           keep today's findings; from then on:
  tfgen lint --baseline lint.json          only new findings fail
"""


def command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help="Show only the findings in these files and folders."),
    ] = None,
    format_: Annotated[
        LintFormat,
        typer.Option("--format", envvar="TFGEN_LINT_FORMAT", help="Output format (docs/lint.md)."),
    ] = "text",
    fix: Annotated[
        bool, typer.Option("--fix", envvar="TFGEN_LINT_FIX", help="Fix what can be fixed safely, then show the rest.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", envvar="TFGEN_LINT_STRICT", help="Exit 1 on warnings, too.")
    ] = False,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            metavar="ID",
            envvar="TFGEN_LINT_RULE",
            help="Run only this rule. Repeatable.",
            autocompletion=values.rules,
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", envvar="TFGEN_LINT_ALL", help="Show each finding, however many are alike.")
    ] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="FILE", envvar="TFGEN_LINT_BASELINE", help="Findings in this file do not fail."
        ),
    ] = None,
    write_baseline: Annotated[
        bool,
        typer.Option(
            "--write-baseline", envvar="TFGEN_LINT_WRITE_BASELINE", help="Write all findings to the file of --baseline."
        ),
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="RULE",
            envvar="TFGEN_LINT_EXPLAIN",
            help="Show the page of a rule.",
            autocompletion=values.rules,
        ),
    ] = None,
) -> int:
    """Check templates, playbooks and pipelines against each other.

    Finds for example a missing playbook or role, a variable that the pipeline does not pass, a public image. Each rule
    has a page in docs/rules/. To disable a rule, use [lint] in tfgen.toml or a comment (tfgen:ignore RULE-ID reason).
    Exits 1 on errors.
    """
    from msgspec.structs import replace

    from tfgen.lint.formats.render import render
    from tfgen.lint.formats.summary import by_rule
    from tfgen.lint.run import find, read_paths, with_baseline
    from tfgen.workspace import open_workspace

    if explain is not None:
        from tfgen.lint.explain import page_of

        sys.stdout.write(page_of(explain))
        return 0
    if write_baseline and not baseline:
        raise UsageError("--write-baseline without a file", fix="add --baseline FILE")
    workspace = open_workspace(need_settings=False)
    wanted = read_paths(workspace.root, paths or [])
    result, left = find(workspace, wanted, only=rule or [], strict=strict, fix=fix)
    said: list[str] = []
    if baseline:
        result, said = with_baseline(result, baseline, wanted, write=write_baseline)
    sys.stdout.write(render(replace(result, all=all_), format_))
    for line in left:
        note(one_line(f"warning: {line}"), style="yellow")
    for line in said:
        note(one_line(line))
    if format_ in ("text", "grouped"):
        for line in by_rule(result).splitlines():
            note(line)
    note(_summary(result))
    return 1 if result.failed else 0


def _summary(result: Result) -> str:
    from tfgen.phrases import counted

    severities: tuple[Severity, ...] = ("error", "warning", "note")
    found = [counted(number, severity) for severity in severities if (number := result.count(severity))]
    text = f"{', '.join(found) or 'no findings'} in {counted(result.images, 'template')}"
    text += f"; {result.fixed} fixed" * bool(result.fixed)
    off = len(result.judged) - len(result.open)
    return text + f"; {off} disabled" * bool(off)
