"""The one boundary at which errors become messages and exit codes, and the process ends."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TextIO

from tfgen_generators.errors import TfgenError

EXIT_BUG = 70
EXIT_INTERRUPTED = 130


def process(run: Callable[[], int]) -> NoReturn:
    """Runs, and exits with the code that `run` gives."""
    _prepare_streams()
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup's wish
        signal.signal(signal.SIGHUP, _stop)
    code = run()
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up(sys.stdout)
        code = code or (1 if isinstance(error, BrokenPipeError) else _fail(_world(error), TfgenError.exit_code))
    try:
        sys.stderr.flush()
    except OSError:  # nobody reads our talk any more, which is no failure of what was done
        _give_up(sys.stderr)
    if code and _is_awaited():
        os._exit(code)
    gc.freeze()  # or the interpreter's end looks at every object once more: 35 ms of a plan
    sys.exit(code)


def _is_awaited() -> bool:
    """Whether the interpreter would wait at its end, for minutes, for a thread that waits for an answer."""
    threading = sys.modules.get("threading")
    return threading is not None and any(
        not each.daemon and each is not threading.main_thread() for each in threading.enumerate()
    )


def guarded(run: Callable[[], int]) -> int:
    """What `run` gives, or the code of what it raises."""
    try:
        return run()
    except KeyboardInterrupt:
        return interrupted()
    except Exception as error:  # noqa: BLE001 the boundary: whatever it is becomes a message and a code
        return explain(error)


def interrupted() -> int:
    """Says so, and gives the exit code."""
    return _fail("interrupted", EXIT_INTERRUPTED)


def explain(error: Exception) -> int:
    """Says what is wrong, and gives the exit code."""
    if isinstance(error, TfgenError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, BrokenPipeError):
        _give_up(sys.stdout)
        return TfgenError.exit_code
    if isinstance(error, OSError):
        return _fail(_world(error), TfgenError.exit_code)
    return _fail(_log_bug(error), EXIT_BUG)


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
