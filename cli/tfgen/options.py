"""Options that several commands share, so that they read and behave alike."""

from __future__ import annotations

import re
from typing import Annotated

import typer
from typer.core import TyperCommand

from tfgen.completion import values
from tfgen.console import Format
from tfgen_generators.errors import UsageError

_DURATION = r"(\d+(\.\d+)?(ms|[smh]))+|0"
_BEHIND_DASHES = "tfgen.behind_dashes"

FormatOption = Annotated[
    Format,
    typer.Option("--format", envvar="TFGEN_FORMAT", help="Output format: a table, or JSON (docs/json.md)."),
]
IamPolicyOption = Annotated[
    bool,
    typer.Option("--iam-policy", envvar="TFGEN_IAM_POLICY", help="Print the IAM policy that this command needs."),
]
PromotedDryRunOption = Annotated[
    bool, typer.Option("--dry-run", envvar="TFGEN_DRY_RUN", help="Show what would be done, and do nothing.")
]
#: An image that one command may leave out and the other may not: the default says it.
PromotedImageArgument = Annotated[
    str, typer.Argument(metavar="IMAGE", autocompletion=values.images, help="The image's name (tfgen list).")
]
TerraformOption = Annotated[
    str | None,
    typer.Option(
        "--terraform",
        metavar="PATH",
        envvar="TFGEN_TERRAFORM",
        help="The terraform or tofu binary (default: terraform, then tofu on PATH, then the embedded one).",
    ),
]
LockTimeoutOption = Annotated[
    str,
    typer.Option(
        "--lock-timeout",
        metavar="DURATION",
        envvar="TFGEN_LOCK_TIMEOUT",
        help="How long to wait for a state lock that another run holds, for example 60s or 5m; then exit 75.",
    ),
]
AllowDestroyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-destroy",
        metavar="NAME",
        envvar="TFGEN_ALLOW_DESTROY",
        autocompletion=values.images,
        help="Allow the plan to destroy or replace resources of this image. Repeatable.",
    ),
]

AllowActionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-action",
        metavar="NAME",
        envvar="TFGEN_ALLOW_ACTION",
        autocompletion=values.images,
        help="Allow the plan to invoke actions of this image (Terraform 1.14). Repeatable.",
    ),
]


class PlainUsage(TyperCommand):
    """A command whose usage line has required arguments as NAME, not as Typer's {NAME}."""

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class PassesOn(PlainUsage):
    """A command that hands what follows `--` to Terraform, as it is."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        behind = args.index("--") if "--" in args else len(args)
        ctx.meta[_BEHIND_DASHES] = tuple(args[behind + 1 :])
        parsed: list[str] = super().parse_args(ctx, args[:behind])
        return parsed


def is_typed(context: typer.Context, name: str) -> bool:
    """Whether a parameter stands on the command line, and not in its variable."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def behind_dashes(context: typer.Context) -> tuple[str, ...]:
    """What followed `--`. Raises UsageError for what would cut tfgen off from what Terraform says."""
    given: tuple[str, ...] = context.meta.get(_BEHIND_DASHES, ())
    for argument in given:
        name = argument.lstrip("-").partition("=")[0]
        if argument.startswith("-") and name in ("out", "json", "detailed-exitcode", "help", "h"):
            raise UsageError(
                f"{argument} cannot be passed after --: tfgen sets it", fix="use tfgen's --out, or remove it"
            )
    return given


def check_duration(flag: str, text: str) -> str:
    """`text` when it is empty or a duration in Terraform's form. Raises UsageError."""
    if text and not re.fullmatch(_DURATION, text):
        raise UsageError(f"{flag} {text} is not a duration", fix="use for example 30s or 5m")
    return text
