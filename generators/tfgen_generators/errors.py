"""The one tree of errors that a user may see.

A message reads `where: what is wrong; what to do`. Only `tfgen.main` prints it, and the class alone decides
the exit code (see docs/architecture.md, "Exit codes").
"""

from __future__ import annotations


class TfgenError(Exception):
    """Something that the user can mend. Exit code 1.

    `where` is `path` or `path:line`, relative to the repository root; `fix` says what to do.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.fix}" if self.fix else text


class SettingsError(TfgenError):
    """tfgen.toml is missing, cannot be read or says something that is not allowed."""


class TemplateError(TfgenError):
    """One template cannot be read or cannot become a pipeline; the others are not concerned."""


class TerraformError(TfgenError):
    """Terraform is missing, too old, or ended with an error that it has explained itself."""


class RefusedError(TfgenError):
    """A gate said no: a file that is not ours, a stale plan, nobody there to ask. Exit code 3."""

    exit_code = 3


class UsageError(TfgenError):
    """The command line cannot be understood. Exit code 64 (EX_USAGE)."""

    exit_code = 64


class BusyError(TfgenError):
    """Somebody else holds the lock; the same command may work later. Exit code 75 (EX_TEMPFAIL)."""

    exit_code = 75


class InterruptedRunError(TfgenError):
    """The user (or CI) stopped the run. Exit code 130."""

    exit_code = 130
