"""`tfgen ci`: writes the recipe that plans, comments and applies in CI, and prints the call of the module ci_roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tfgen_generators.errors import RefusedError, TfgenError

EXAMPLES = """\b
Examples:
  tfgen ci github             write .github/workflows/tfgen.yml
  tfgen ci bitbucket          write bitbucket-pipelines.yml
  tfgen ci codecommit         write buildspec-plan.yml
  tfgen ci github --output -  print to stdout
  tfgen ci github --roles     print only the call of the module ci_roles
  tfgen ci github --tool tofu run OpenTofu
  tfgen ci github --install git+https://example.com/tfgen@4b825dc642cb6eb9a060e54bf8d69288fbee4904
"""


def command(
    host: Annotated[
        Literal["github", "bitbucket", "codecommit"],
        typer.Argument(metavar="HOST", help="Host of the pull requests: github, bitbucket or codecommit."),
    ],
    output: Annotated[
        str,
        typer.Option("--output", metavar="FILE", envvar="TFGEN_CI_OUTPUT", help="Write to FILE; - is stdout."),
    ] = "",
    install: Annotated[
        str | None,
        typer.Option(
            "--install",
            metavar="REQUIREMENT",
            envvar="TFGEN_CI_INSTALL",
            help="What CI installs: a URL with #sha256=, or git+https://...@COMMIT. Default: as this tfgen was.",
        ),
    ] = None,
    tool: Annotated[
        Literal["terraform", "tofu"],
        typer.Option("--tool", metavar="TOOL", envvar="TFGEN_CI_TOOL", help="What CI runs: terraform or tofu."),
    ] = "terraform",
    roles: Annotated[
        bool,
        typer.Option("--roles", envvar="TFGEN_CI_ROLES", help="Write nothing; print the call of the module ci_roles."),
    ] = False,
) -> int:
    """Write a CI pipeline that plans, comments and applies.

    It plans and comments on pull requests, and applies the reviewed plan. An existing file is never overwritten
    (exit 3). Then it prints a call of the module ci_roles, which makes CI's roles, with what is known of the
    repository. For the rest of the setup, see docs/pull-requests.md and docs/ci-roles.md.
    """
    import os
    from shlex import quote

    from tfgen.console import note, out
    from tfgen.git.repository import has_history
    from tfgen.hosts.recipe import RECIPES, found, given, recipe
    from tfgen.hosts.roles import roles_of
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    if roles:
        out(roles_of(workspace, host, os.environ).removesuffix("\n"))
        return 0
    requirement = found() if install is None else given(install)
    if requirement.is_on_this_machine:
        note(f"CI's machines must have {requirement.address}", style="yellow")
    text = recipe(workspace.settings.branch, host, requirement, tool)
    if output == "-":
        out(text.removesuffix("\n"))
        return 0
    shown = output or RECIPES[host][1]
    options = ("" if tool == "terraform" else f"--tool {tool} ") + (f"--install {quote(install)} " if install else "")
    again = f"tfgen ci {host} {options}--output -"
    path = Path(output) if output else workspace.root / shown
    note(f"{'wrote' if write(path, text, shown, again) else 'unchanged:'} {shown}")
    if not output and not (workspace.root / ".git").exists() and has_history(workspace.root):
        note("tfgen.toml is not at the root of the git repository, where CI looks for it", style="yellow")
    out(roles_of(workspace, host, os.environ).removesuffix("\n"))
    return 0


def write(path: Path, text: str, shown: str, again: str) -> bool:
    """Writes `path`, called `shown`; says whether it had to. Raises TfgenError, and where another text is RefusedError.

    `again` is the command that prints the text.
    """
    try:
        if path.is_symlink() or path.exists():
            if path.is_file() and path.read_bytes() == text.encode():
                return False
            raise RefusedError(
                "already exists with other content",
                where=shown,
                fix=f"compare it with: {again}",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=shown) from None
    return True
