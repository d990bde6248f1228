"""`tfgen lint`: what Packer, ansible-lint and tflint cannot see because it lies between them."""

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
  tfgen lint packer/web.json ansible/      what was found in these
  tfgen lint --fix                         mend what is safe to mend, then show the rest
  tfgen lint --format sarif > tfgen.sarif  for GitHub's code scanning
  tfgen lint --rule unused-role            one rule alone
"""


def command(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Show what was found in these files and folders.")
    ] = None,
    format_: Annotated[
        LintFormat,
        typer.Option("--format", envvar="TFGEN_LINT_FORMAT", help="How findings are written (see docs/lint.md)."),
    ] = "text",
    fix: Annotated[
        bool, typer.Option("--fix", envvar="TFGEN_LINT_FIX", help="Mend what is safe to mend, then show what is left.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", envvar="TFGEN_LINT_STRICT", help="Exit 1 for warnings too.")
    ] = False,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="ID", envvar="TFGEN_LINT_RULE", help="Only this rule; can be given again."),
    ] = None,
) -> int:
    """Find what lies between Packer, Ansible and the pipelines.

    A missing playbook or role, a variable that the pipeline does not pass, a public image: each rule has its page in
    docs/rules/. [lint] in tfgen.toml and comments (tfgen:ignore RULE-ID reason) switch one off. Exit 1 on errors.
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
    text = f"{', '.join(found) or 'nothing found'} in {counted(result.images, 'template')}"
    text += f"; {result.fixed} mended" * bool(result.fixed)
    off = len(result.judged) - len(result.open)
    return text + f"; {off} switched off" * bool(off)
