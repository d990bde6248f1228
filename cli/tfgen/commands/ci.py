"""`tfgen ci`: writes the recipe that plans, comments and applies in CI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfgen_generators.errors import RefusedError, TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace

#: Host -> the recipe in `tfgen/recipes`, and where CI looks for it.
RECIPES = {
    "github": ("github.yml", ".github/workflows/tfgen.yml"),
    "bitbucket": ("bitbucket.yml", "bitbucket-pipelines.yml"),
    "codecommit": ("codecommit.yml", "buildspec-plan.yml"),
}

EXAMPLES = """\b
Examples:
  tfgen ci github             write .github/workflows/tfgen.yml
  tfgen ci bitbucket          write bitbucket-pipelines.yml
  tfgen ci codecommit         write buildspec-plan.yml
  tfgen ci github --output -  print to stdout
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
) -> int:
    """Write a CI pipeline that plans, comments and applies.

    It plans and comments on pull requests, and applies the reviewed plan. An existing file is never overwritten
    (exit 3). For the rest of the setup, see docs/pull-requests.md.
    """
    from tfgen.console import note, out
    from tfgen.git.repository import has_history
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    text = recipe(workspace, host)
    if output == "-":
        out(text.removesuffix("\n"))
        return 0
    shown = output or RECIPES[host][1]
    path = Path(output) if output else workspace.root / shown
    note(f"{'wrote' if write(path, text, host, shown) else 'unchanged:'} {shown}")
    if not output and not (workspace.root / ".git").exists() and has_history(workspace.root):
        note("tfgen.toml is not at the root of the git repository, where CI looks for it", style="yellow")
    return 0


def recipe(workspace: Workspace, host: str) -> str:
    """The recipe's text with what tfgen.toml says."""
    import json
    from importlib.metadata import version
    from importlib.resources import files
    from shlex import quote

    text = (files("tfgen") / "recipes" / RECIPES[host][0]).read_text(encoding="utf-8")
    branch = workspace.settings.branch
    values = {
        "BRANCH": json.dumps(branch),  # a YAML string too, whatever a branch is called
        "BASE": quote(f"refs/remotes/origin/{branch}"),  # whatever a pull request or a tag is called
        "VERSION": version("tfgen"),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def write(path: Path, text: str, host: str, shown: str) -> bool:
    """Writes `path`, called `shown`; says whether it had to. Raises RefusedError where another text is, TfgenError."""
    try:
        if path.is_symlink() or path.exists():
            if path.is_file() and path.read_bytes() == text.encode():
                return False
            raise RefusedError(
                "already exists with other content",
                where=shown,
                fix=f"compare it with: tfgen ci {host} --output -",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise TfgenError(f"cannot be written: {error.strerror}", where=shown) from None
    return True
