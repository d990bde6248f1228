"""The app."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from tfgen.boundary.exits import EXIT_BUG, EXIT_INTERRUPTED, explain, interrupted, process
from tfgen.command_group import CommandGroup
from tfgen.options import TerraformOption
from tfgen_generators.errors import UsageError

__all__ = ["EXIT_BUG", "EXIT_INTERRUPTED", "app", "main", "run"]

app = typer.Typer(
    name="tfgen",
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    help="""Create and manage one AMI pipeline for each Packer template.

tfgen scans the folder packer/, writes one Terraform module block for each template, and runs terraform
plan and apply.

Exit codes: 0 success, 1 failure, 2 changes (only with --check or
--detailed-exitcode), 3 refused, 64 usage error, 70 bug in tfgen, 75 busy (try
again), 130 interrupted.""",
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    directory: Annotated[
        list[Path] | None,
        typer.Option(
            "-C",
            metavar="DIR",
            help="Run as if started in DIR. Repeatable: each is relative to the one before.  [env var: TFGEN_DIR]",
        ),
    ] = None,
    terraform: TerraformOption = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the versions of tfgen and Terraform, and which binary is used.")
    ] = False,
) -> None:
    # Typer would split the variable at every colon, as it does for lists of paths.
    for folder in directory or [Path(named) for named in [os.environ.get("TFGEN_DIR")] if named]:
        try:
            os.chdir(folder)
        except OSError as error:
            raise UsageError(f"-C {folder}: {error.strerror}", fix="use an existing folder") from None
    if terraform:
        os.environ["TFGEN_TERRAFORM"] = terraform
    if version:
        from tfgen.commands.version import show_version

        show_version()
    elif context.invoked_subcommand is None:
        sys.stderr.write(f"{context.get_help()}\n")
        raise typer.Exit(UsageError.exit_code)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: runs the app and exits."""
    process(lambda: run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Runs the app on `arguments` and gives the exit code; never raises."""
    try:
        code = app(arguments, prog_name="tfgen", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return interrupted()
    except typer.TyperException as error:
        return _usage(error)
    except Exception as error:  # noqa: BLE001 the boundary: whatever it is becomes a message and a code
        return explain(error)
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> int:
    """As Typer shows it, but with the word and the colour of every other error."""
    from tfgen.console import styled

    word = styled("error:", "red", sys.stderr)
    said = io.StringIO()
    show = getattr(error, "show", None)
    if show is not None:
        show(file=said)
        text = re.sub("^Error:", lambda _: word, said.getvalue(), count=1, flags=re.MULTILINE)
    else:
        text = f"{word} {error}\n"
    sys.stderr.write(text)
    return UsageError.exit_code


if __name__ == "__main__":
    main()
