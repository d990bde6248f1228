"""`tfgen promote`: points a channel of an image to an AMI, in all regions or in none."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption, IamPolicyOption, PromotedDryRunOption, PromotedImageArgument
from tfgen_generators.errors import UsageError

EXAMPLES = """\b
Examples:
  tfgen promote web --to prod                 what is in the channel before it
  tfgen promote web --to prod --dry-run       gates, copies and moves, without any
  tfgen promote web --to dev --ami ami-0123456789abcdef0
  tfgen promote --iam-policy                  the rights that it needs
"""


def command(
    image: PromotedImageArgument = "",
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="CHANNEL",
            envvar="TFGEN_PROMOTE_TO",
            autocompletion=values.channels,
            show_default=False,
            help="The channel that moves.",
        ),
    ] = "",
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="CHANNEL",
            envvar="TFGEN_PROMOTE_FROM",
            autocompletion=values.channels,
            show_default=False,
            help="Take the AMI of this channel (default: the one before; for the first, the newest AMI).",
        ),
    ] = "",
    ami: Annotated[
        str,
        typer.Option(
            "--ami",
            metavar="ID",
            envvar="TFGEN_PROMOTE_AMI",
            show_default=False,
            help="Take this AMI of the first region.",
        ),
    ] = "",
    dry_run: PromotedDryRunOption = False,
    timeout: Annotated[
        int,
        typer.Option(
            "--timeout",
            metavar="MINUTES",
            min=1,
            envvar="TFGEN_PROMOTE_TIMEOUT",
            help="How long to wait for copies; they go on, and the next run finds them.",
        ),
    ] = 60,
    iam_policy: IamPolicyOption = False,
    format_: FormatOption = "table",
) -> int:
    """Point a channel of an image to an AMI.

    Checks the gates of the channel, copies the AMI to each region that lacks it, shares it, and then moves the SSM
    parameter in every region, or in none. A run that was stopped is finished by the next one. Exits 3 when a gate is
    closed, 75 when another run moves the channel.
    """
    from msgspec.structs import replace

    from tfgen.aws.images.model import AMI_ID
    from tfgen.publish.policy import policy
    from tfgen.publish.promote import promote
    from tfgen.publish.request import make_request, required
    from tfgen.publish.view import show, tell
    from tfgen.workspace import open_workspace

    workspace = open_workspace()
    if iam_policy:
        from tfgen.console import out_json

        out_json(policy(required(workspace)))
        return 0
    if not image or not to:
        raise UsageError("IMAGE and --to are required", fix="use for example: tfgen promote web --to prod")
    if ami and from_:
        raise UsageError("--ami and --from exclude each other", fix="use one of them")
    if ami and not AMI_ID.fullmatch(ami):
        raise UsageError(f"--ami {ami!r} is not the id of an AMI", fix="use for example ami-0123456789abcdef0")
    request = make_request(workspace, image, to, former=from_)
    return show(promote(replace(request, ami=ami, dry_run=dry_run, timeout=timeout * 60.0), tell), format_)
