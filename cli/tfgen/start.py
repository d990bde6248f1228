"""The command's entry point: an answer without the app where none is needed, else the app."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typer._click.core import Command


def main() -> None:
    """Runs tfgen and exits."""
    if sys.getfilesystemencoding() != "utf-8" and sys.executable:
        _start_again_with_utf_8()
    if "_TFGEN_COMPLETE" in os.environ or sys.argv[1:] in (["--install-completion"], ["--show-completion"]):
        _complete()
    # What the environment may add (TFGEN_*) is the app's to read.
    is_plain = not any(name.startswith(("TFGEN_", "_TFGEN_")) for name in os.environ)
    if is_plain and sys.argv[1:] == ["sync", "--check"]:
        from tfgen.sync.fast_check import recall

        if message := recall():
            sys.stderr.write(f"{message}\n")
            sys.exit(0)
    gc.set_threshold(10_000)  # a start makes objects that stay: looking for garbage among them costs 10 ms
    if is_plain and sys.argv[1:2] == ["affected"]:
        _affected(sys.argv[2:])
    from tfgen.main import main as run

    run()


def _complete() -> None:
    """Answers a shell, and exits; comes back where the shell wants the script that asks."""
    from tfgen.completion.answer import complete, is_asked
    from tfgen.completion.scripts import use_own

    if is_asked():
        complete(app_command)
    use_own()


def app_command() -> Command:
    """The app as the command that shells are told of."""
    import typer.main

    from tfgen.main import app

    return typer.main.get_command(app)


def _affected(arguments: list[str]) -> None:
    """Exits with the answer; comes back where only the app can read the arguments."""
    _import_msgspec()
    from tfgen.affected.answer import answer, plain_options

    options = plain_options(arguments)
    if options is not None:
        from tfgen.boundary.exits import guarded, process

        process(lambda: guarded(lambda: answer(options)))


def _import_msgspec() -> None:
    """Without typing_extensions, which msgspec takes where it is: 8 ms for what this Python has itself."""
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules["typing_extensions"]


def _start_again_with_utf_8() -> None:
    """Names of files are UTF-8 to git and Terraform, whatever the locale (or PYTHONUTF8=0) makes of them.

    With another encoding a template would have another name, and its pipeline would be deleted.
    """
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 this program itself
