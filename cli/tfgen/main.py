"""The app, and the one boundary at which errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from tfgen.command_group import CommandGroup
from tfgen.options import TerraformOption
from tfgen_generators.errors import TfgenError, UsageError

EXIT_BUG = 70
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="tfgen",
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Create and manage one AMI pipeline for each Packer template.

tfgen scans the folder packer/, writes one Terraform module block for each template, and runs terraform
plan and apply.

Exit codes: 0 success, 1 failure, 2 changes (only with --check or
--detailed-exitcode), 3 refused, 64 usage error, 70 bug in tfgen, 75 busy (try
again), 130 interrupted.""",
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    directory: Annotated[
        list[Path] | None,
        typer.Option(
            "-C",
            metavar="DIR",
            help="Run as if started in DIR. Repeatable: each is relative to the one before.  [env var: TFGEN_DIR]",
        ),
    ] = None,
    terraform: TerraformOption = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the versions of tfgen and Terraform, and which binary is used.")
    ] = False,
) -> None:
    # Typer would split the variable at every colon, as it does for lists of paths.
    for folder in directory or [Path(named) for named in [os.environ.get("TFGEN_DIR")] if named]:
        try:
            os.chdir(folder)
        except OSError as error:
            raise UsageError(f"-C {folder}: {error.strerror}", fix="use an existing folder") from None
    if terraform:
        os.environ["TFGEN_TERRAFORM"] = terraform
    if version:
        from tfgen.commands.version import show_version

        show_version()
    elif context.invoked_subcommand is None:
        sys.stderr.write(f"{context.get_help()}\n")
        raise typer.Exit(UsageError.exit_code)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: runs the app and exits."""
    _prepare_streams()
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup's wish
        signal.signal(signal.SIGHUP, _stop)
    code = run(arguments)
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up(sys.stdout)
        code = code or (1 if isinstance(error, BrokenPipeError) else _fail(_world(error), TfgenError.exit_code))
    try:
        sys.stderr.flush()
    except OSError:  # nobody reads our talk any more, which is no failure of what was done
        _give_up(sys.stderr)
    gc.freeze()  # or the interpreter's end looks at every object once more: 35 ms of a plan
    sys.exit(code)


def _prepare_streams() -> None:
    """A closed stream is like a full one that nobody reads; a poor locale is no reason to fail."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 it stays open as long as the process
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stop(_number: int, _frame: object) -> None:
    """CI and closing terminals end us as Ctrl-C does: what is open is cleaned up."""
    raise KeyboardInterrupt


def run(arguments: list[str] | None = None) -> int:
    """Runs the app on `arguments` and gives the exit code; never raises."""
    try:
        code = app(arguments, prog_name="tfgen", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001 the boundary: whatever it is becomes a message and a code
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    if isinstance(error, TfgenError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, BrokenPipeError):
        _give_up(sys.stdout)
        return TfgenError.exit_code
    if isinstance(error, OSError):
        return _fail(_world(error), TfgenError.exit_code)
    return _fail(_log_bug(error), EXIT_BUG)


def _usage(error: typer.TyperException) -> int:
    show = getattr(error, "show", None)
    if show is not None:
        show(file=sys.stderr)
    else:
        sys.stderr.write(f"error: {error}\n")
    return UsageError.exit_code


def _give_up(stream: TextIO) -> None:
    """Nobody takes what we write any more; without this, Python would complain once more at exit (code 120)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(message: str, code: int) -> int:
    from tfgen.console import one_line, printable, styled

    try:
        sys.stdout.flush()
    except OSError:
        _give_up(sys.stdout)
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{styled('error:', 'red', sys.stderr)} {one_line(printable(message))}\n")
    return code


def _world(error: OSError) -> str:
    """The machine said no (a full disk, a folder that is gone): its words, and where."""
    where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{where}{error.strerror or error}"


def _log_bug(error: Exception) -> str:
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    kind = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        with tempfile.NamedTemporaryFile("w", prefix="tfgen-bug-", suffix=".log", delete=False) as file:
            file.write(f"{sys.argv}\n\n{text}")
    except OSError:
        return f"bug in tfgen: {kind}; the log could not be written"
    return f"bug in tfgen: {kind}; please report it and attach {file.name}"


if __name__ == "__main__":
    main()
