"""`tfgen ci`: writes the recipe that plans, comments and applies in CI, and prints the call of the module ci_roles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen_generators.errors import RefusedError, TfgenError, UsageError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.settings.requirement import Requirement

#: Host -> the recipe in `tfgen/recipes`, and where CI looks for it.
RECIPES = {
    "github": ("github.yml", ".github/workflows/tfgen.yml"),
    "bitbucket": ("bitbucket.yml", "bitbucket-pipelines.yml"),
    "codecommit": ("codecommit.yml", "buildspec-plan.yml"),
}

#: Lines of a recipe that are for one tool, between `# @TOFU` and `# @END`.
_FOR_ONE = re.compile(r"^ *# @(TERRAFORM|TOFU)\n(.*?)^ *# @END\n", re.DOTALL | re.MULTILINE)

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
    from tfgen.hosts.roles import roles_of
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    if roles:
        out(roles_of(workspace, host, os.environ).removesuffix("\n"))
        return 0
    requirement = found() if install is None else given(install)
    if requirement.is_on_this_machine:
        note(f"CI's machines must have {requirement.address}", style="yellow")
    text = recipe(workspace, host, requirement, tool)
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


def given(install: str) -> Requirement:
    """What `--install` says. Raises UsageError."""
    from tfgen_generators.settings.requirement import parse_requirement

    try:
        return parse_requirement(f"file://{install}" if install.startswith("/") else install)
    except TfgenError as error:
        raise UsageError(f"--install REQUIREMENT: {error.message}", fix=error.fix) from None


def found() -> Requirement:
    """Where this tfgen was installed from, if CI gets exactly the same from there. Raises UsageError."""
    from tfgen.distribution import origin
    from tfgen_generators.settings.requirement import TWO_WAYS

    here = origin()
    if here.requirement is None:
        raise UsageError(
            f"what CI is to install is not certain: this tfgen comes from {here.said}",
            fix=f"use --install with {TWO_WAYS}",
        )
    return here.requirement


def recipe(workspace: Workspace, host: str, requirement: Requirement, tool: str = "terraform") -> str:
    """The recipe's text with what tfgen.toml says, which installs `requirement` and runs `tool`."""
    import json
    from importlib.resources import files
    from shlex import quote

    text = (files("tfgen") / "recipes" / RECIPES[host][0]).read_text(encoding="utf-8")
    text = _FOR_ONE.sub(lambda found: found[2] if found[1].lower() == tool else "", text)
    branch = workspace.settings.branch
    values = {
        "BRANCH": json.dumps(branch),  # a YAML string too, whatever a branch is called
        "BASE": quote(f"refs/remotes/origin/{branch}"),  # whatever a pull request or a tag is called
        "NAME": requirement.name if tool == "terraform" else requirement.without_terraform,
        "ADDRESS": requirement.address,
    }
    # At once: a branch may be called like one of these.
    return re.sub("@([A-Z]+)@", lambda name: values[name[1]], text)


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
