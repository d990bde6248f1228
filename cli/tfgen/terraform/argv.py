"""Argument lists: python-terraform's `generate_cmd_string` builds them, nothing else of it is used.

Options are keyword arguments with `_` for `-`; `flag()` is an option without a value.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from python_terraform import Terraform

    from tfgen.terraform.binary import Binary


def terraform_argv(binary: Binary, command: str, *arguments: str, **options: object) -> list[str]:
    """The whole command line of `command` for `binary`; a `None` or False-flag option is left out."""
    built: list[str] = _terraform().generate_cmd_string(command, *arguments, **options)
    return [*binary.argv, *built[1:]]


def flag(*, wanted: bool = True) -> object:
    """The value of an option that takes none."""
    from python_terraform import IsFlagged, IsNotFlagged

    return IsFlagged if wanted else IsNotFlagged


def init_argv(binary: Binary, variables: Sequence[str] = ()) -> list[str]:
    """`init`, asking nothing and upgrading nothing; `variables` are arguments that give values to variables."""
    return [*terraform_argv(binary, "init", input=False, no_color=flag()), *variables]


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks of one run of Terraform.

    `lock_timeout` is a duration in Terraform's form (`30s`); `targets` are module names; `extra` is what stood
    behind `--`, handed on as it is.
    """

    lock_timeout: str = ""
    targets: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def refresh_only(self) -> bool:
        """Whether the user asks for a plan that only takes over what others changed."""
        return any(word.lstrip("-") in ("refresh-only", "refresh-only=true") for word in self.extra)


DEFAULTS = RunOptions()


def plan_argv(binary: Binary, options: RunOptions = DEFAULTS, *, out: str) -> list[str]:
    """`plan` into the file `out`, with events on stdout and exit code 2 for changes."""
    targets = [f"module.{name}" for name in options.targets]
    built = terraform_argv(
        binary,
        "plan",
        input=False,
        json=flag(),
        detailed_exitcode=flag(),
        out=out,
        lock_timeout=options.lock_timeout or None,
        target=targets or None,
    )
    return [*built, *options.extra]


def apply_argv(binary: Binary, plan: str, options: RunOptions = DEFAULTS) -> list[str]:
    """`apply` of exactly the saved `plan`, with events on stdout."""
    built = terraform_argv(binary, "apply", input=False, json=flag(), lock_timeout=options.lock_timeout or None)
    return [*built, *options.extra, plan]


def show_argv(binary: Binary, plan: str, variables: Sequence[str] = ()) -> list[str]:
    """`show -json` of a saved plan; `variables` are arguments that give values to variables."""
    return [*terraform_argv(binary, "show", json=flag(), no_color=flag()), *variables, plan]


@cache
def _terraform() -> Terraform:
    from python_terraform import Terraform

    # It reads a state file on the way, which nobody needs: it gets a folder that cannot hold one.
    return Terraform(working_dir=os.devnull, terraform_bin_path="terraform")
