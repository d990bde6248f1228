"""`tfgen lint`: checks across Packer, Ansible and the pipelines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tfgen.console import note, one_line
from tfgen.lint.formats.render import LintFormat

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
        typer.Option("--rule", metavar="ID", envvar="TFGEN_LINT_RULE", help="Run only this rule. Repeatable."),
    ] = None,
) -> int:
    """Check templates, playbooks and pipelines against each other.

    Finds for example a missing playbook or role, a variable that the pipeline does not pass, a public image. Each rule
    has a page in docs/rules/. To disable a rule, use [lint] in tfgen.toml or a comment (tfgen:ignore RULE-ID reason).
    Exits 1 on errors.
    """
    from tfgen.lint.formats.render import render
    from tfgen.lint.run import find, read_paths
    from tfgen.workspace import open_workspace

    workspace = open_workspace(need_settings=False)
    wanted = read_paths(workspace.root, paths or [])
    result, left = find(workspace, wanted, only=rule or [], strict=strict, fix=fix)
    sys.stdout.write(render(result, format_))
    for line in left:
        note(one_line(f"warning: {line}"), style="yellow")
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
