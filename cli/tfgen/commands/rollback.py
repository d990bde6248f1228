"""`tfgen rollback`: points a channel of an image back to an AMI that it had."""

from __future__ import annotations

from typing import Annotated

import typer

from tfgen.completion import values
from tfgen.options import FormatOption, PromotedDryRunOption, PromotedImageArgument

EXAMPLES = """\b
Examples:
  tfgen rollback web prod            to the AMI before
  tfgen rollback web prod --to 7     to what version 7 of the parameter says
  tfgen rollback web prod --dry-run
"""


def command(
    image: PromotedImageArgument,
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", autocompletion=values.channels, help="The channel that moves.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="VERSION",
            envvar="TFGEN_ROLLBACK_TO",
            show_default=False,
            help="A version of the parameter in the first region, or a label (default: the AMI before).",
        ),
    ] = "",
    dry_run: PromotedDryRunOption = False,
    format_: FormatOption = "table",
) -> int:
    """Point a channel of an image back to an AMI that it had.

    Lists the instances and auto scaling groups that run the AMI of now, and touches none of them. Gates are not asked.
    The rights that it needs are those of tfgen promote.
    """
    from msgspec.structs import replace

    from tfgen.publish.request import make_request
    from tfgen.publish.rollback import rollback
    from tfgen.publish.view import show, tell
    from tfgen.workspace import open_workspace

    request = make_request(open_workspace(), image, channel)
    return show(rollback(replace(request, version=to, dry_run=dry_run), tell), format_)
