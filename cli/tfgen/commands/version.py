"""`tfgen --version` and `tfgen version`."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.console import out
from tfgen.options import FormatOption

EXAMPLES = """\b
Examples:
  tfgen version
  tfgen version --files    which vendored files are old, or were edited
"""


def command(
    files: Annotated[
        bool, typer.Option("--files", envvar="TFGEN_FILES", help="List the files that tfgen init has written.")
    ] = False,
    format_: FormatOption = "table",
) -> int:
    """Show the versions of tfgen and Terraform, or how vendored files stand to this release.

    A file is current, old (as an earlier release has it), edited, new, missing, removed, foreign, or in conflict.
    tfgen init --update brings them up to date.
    """
    if not files:
        show_version()
        return 0
    from tfgen.init.updating.report import show_states
    from tfgen.init.updating.update import all_states

    show_states(all_states(), format_=format_)
    return 0


def show_version() -> None:
    """tfgen's version, then Terraform's and which binary it is."""
    from tfgen.distribution.installed import version
    from tfgen.terraform.binary import find_terraform
    from tfgen.terraform.version import identify
    from tfgen_generators.errors import TerraformError

    out(f"tfgen {version()}")
    try:
        binary, said = identify(find_terraform())
        out(f"{binary.product} {said} ({binary.shown})")
    except TerraformError as error:
        out(f"terraform: none ({error})")
