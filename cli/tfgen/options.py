"""Options that several commands share, so that they read and behave alike."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.console import Format

FormatOption = Annotated[
    Format,
    typer.Option(
        "--format", envvar="TFGEN_FORMAT", help="A table for people, or JSON for programs (see docs/json.md)."
    ),
]
TerraformOption = Annotated[
    str | None,
    typer.Option(
        "--terraform",
        metavar="PATH",
        envvar="TFGEN_TERRAFORM",
        help="The terraform or tofu to use. By default terraform, then tofu on PATH, then the embedded one.",
    ),
]
