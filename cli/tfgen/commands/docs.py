"""`tfgen docs`: the pages of the documentation, without a network or a clone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tfgen.completion import values

EXAMPLES = """\b
Examples:
  tfgen docs                       list the pages
  tfgen docs plan-and-apply        print a page
  tfgen docs reference/settings    all keys of tfgen.toml
  tfgen docs no-manifest           the page of a rule of tfgen lint
"""


def command(
    topic: Annotated[
        str | None,
        typer.Argument(metavar="[TOPIC]", help="A page, as tfgen docs lists them.", autocompletion=values.topics),
    ] = None,
) -> int:
    """Print a page of the documentation.

    The pages are those of the installed version. Without TOPIC, lists them with their titles; the pages of the lint
    rules and of the decisions (adr) are found by their names.
    """
    from tfgen.console import out_table, without_controls
    from tfgen.manual.pages import page_of, title_of, topics

    if topic is None:
        listed = [*topics(), *topics("reference")]
        out_table(["TOPIC", "TITLE"], [[each, title_of(each)] for each in listed])
        return 0
    sys.stdout.write(without_controls(page_of(topic)))
    return 0
