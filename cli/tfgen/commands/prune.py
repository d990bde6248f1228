"""`tfgen prune`: which AMIs nobody uses, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption, IamPolicyOption

EXIT_REFUSED = 3

EXAMPLES = """\b
Examples:
  tfgen prune                                 the plan: what may go, why the rest stays
  tfgen prune --region eu-west-1 --region us-east-1 --out prune.json
  tfgen prune --image web
  tfgen prune --name 'web-*'                  AMIs without our tags too, by their names
  tfgen prune --iam-policy                    the rights that it needs
"""


def command(
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            metavar="NAME",
            envvar="TFGEN_PRUNE_IMAGE",
            autocompletion=values.images,
            help="Only AMIs of this image. Repeatable.",
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            "--region",
            metavar="REGION",
            envvar="TFGEN_PRUNE_REGION",
            help="AWS region (default: those in tfgen.toml, else AWS_REGION or the profile's). Repeatable.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="PATTERN",
            envvar="TFGEN_PRUNE_NAME",
            help="Also AMIs without the tag Template whose name matches (* and ?). Repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", envvar="TFGEN_PRUNE_OUT", help="Write the plan to a file."),
    ] = None,
    iam_policy: IamPolicyOption = False,
    format_: FormatOption = "table",
) -> int:
    """Plan what becomes of AMIs that nobody uses.

    Asks AWS and the repository who uses each AMI, keeps those with a user, and plans for the others what [retention]
    says: deprecate, disable, deregister. Changes nothing. If something cannot be asked, all AMIs of that region stay
    (exit 3).
    """
    from tfgen.console import note, out_json

    if iam_policy:
        from tfgen.prune.policy import policy

        out_json(policy())
        return 0
    from tfgen.prune.make import Request, make_plan
    from tfgen.prune.plan_file import write_plan
    from tfgen.prune.view import show
    from tfgen.workspace import open_workspace

    request = Request(regions=tuple(region or ()), images=tuple(image or ()), patterns=tuple(name or ()))
    plan = make_plan(open_workspace(), request)
    show(plan, format_)
    if out:
        write_plan(out, plan)
        note(f"wrote {out}")
    return EXIT_REFUSED if plan.unreadable else 0
