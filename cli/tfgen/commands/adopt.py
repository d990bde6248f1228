"""`tfgen adopt`: hand-written module calls of pipelines become generated ones."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from tfgen.options import FormatOption, TerraformOption

EXIT_REFUSED = 3

EXAMPLES = """\b
Examples:
  tfgen adopt                                what would happen to each image; writes nothing
  tfgen adopt --write                        do it; nothing is written if anything is refused
  tfgen adopt --write --match web=packer/web.json
  tfgen adopt --undo                         put every file back as it was
"""


def command(
    write: Annotated[
        bool, typer.Option("--write", envvar="TFGEN_WRITE", help="Write the changes; without it they are only shown.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", envvar="TFGEN_UNDO", help="Take the latest adopt --write back, byte for byte.")
    ] = False,
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            metavar="LABEL=TEMPLATE",
            envvar="TFGEN_MATCH",
            help="Say which template the call LABEL builds. Repeatable.",
        ),
    ] = None,
    module: Annotated[
        Literal["theirs", "ours"],
        typer.Option(
            "--module",
            envvar="TFGEN_MODULE",
            help="Keep the module that the calls use, or move to the one in tfgen.toml.",
        ),
    ] = "theirs",
    plan: Annotated[
        bool,
        typer.Option(
            "--plan/--no-plan", envvar="TFGEN_PLAN", help="With --write: plan the result first; refuse what destroys."
        ),
    ] = True,
    diff: Annotated[
        bool, typer.Option("--diff", envvar="TFGEN_DIFF", help="Show the changes as a unified diff.")
    ] = False,
    terraform: TerraformOption = None,
    format_: FormatOption = "table",
) -> int:
    """Let hand-written module calls continue as generated ones.

    A call is that of the template which its PACKER_SCRIPT names. What it passes becomes settings in tfgen.toml, a
    moved block keeps the addresses in the state; the module and its inputs stay as they are. Everything else in the
    files stays byte for byte. What cannot be kept is refused (exit 3; nothing is written).
    """
    from msgspec.structs import replace

    from tfgen.adopt.request import AdoptRequest, ask, read_matches
    from tfgen.adopt.run import adopt
    from tfgen.adopt.view import render

    if undo:
        return _undo(format_)
    request = AdoptRequest(
        write=write, matches=read_matches(match or []), ours=module == "ours", plan=plan, terraform=terraform
    )
    found = adopt(request)
    while (said := ask(found.adoption.rows)) is not None:
        request = replace(request, matches={**request.matches, said[0]: said[1]})
        found = adopt(request)
    render(found, diff=diff, format_=format_)
    if found.is_refused:
        return EXIT_REFUSED
    synced = found.adoption.synced
    return 1 if synced and synced.problems else 0


def _undo(format_: str) -> int:
    from tfgen.adopt.run import undo
    from tfgen.console import note, out_json

    files = undo()
    if format_ == "json":
        out_json({"restored": files})
    note(f"restored {', '.join(files)}" if files else "nothing to undo")
    return 0
