"""`tfgen demo`: the commands in turn, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.options import TerraformOption

EXAMPLES = """\b
Examples:
  tfgen demo
  tfgen demo --keep          keep the files
"""


def command(
    keep: Annotated[bool, typer.Option("--keep", envvar="TFGEN_KEEP", help="Keep the temporary folder.")] = False,
    terraform: TerraformOption = None,
) -> int:
    """Run a demo on this machine, without an AWS account.

    Runs sync, plan and apply against an AWS emulator, which comes with tfgen's extra "demo", as Terraform does. Works
    in a temporary folder; does not use your AWS variables, profiles or home folder.
    """
    from tfgen.demo.run import run_demo

    run_demo(keep=keep, terraform=terraform)
    return 0
