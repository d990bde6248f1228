"""The one place that starts git."""

from __future__ import annotations

import os
from stat import S_ISFIFO
from typing import TYPE_CHECKING

from tfgen.git.invocation.errors import NoAnswerError

if TYPE_CHECKING:
    import subprocess

    from tfgen.git.invocation.isolation import Call

#: Seconds for each question; the usual one takes a hundredth of a second, 2000 files against 2000 others some ten.
TIMEOUT = 60
#: After how many we look whether git waits for a pipe: it opens these files before it looks at what they are.
_PATIENCE = 1
_READ_BY_GIT = (".gitignore", ".gitattributes")
_WORK_TREE = "--work-tree="
#: No repository (or none that is whole), no commit yet, no work tree.
_NO_HISTORY = (
    "not a git repository",
    "unknown revision",
    "ambiguous argument",
    "Needed a single revision",
    "bad revision",
)
_OWNER = "the repository belongs to another user (run: git config --global --add safe.directory)"


def start_git(call: Call, *, given: bool = False, quiet: bool = True) -> subprocess.Popen[bytes]:
    """Starts git; its stdout is a pipe. `given`: so is stdin, else it stays ours where not `quiet`; as does stderr.

    Raises OSError.
    """
    import subprocess

    closed = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(
        call.argv,
        cwd=call.cwd,
        env=call.env,
        stdin=subprocess.PIPE if given else closed,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
    )


def answer(call: Call, given: bytes = b"", timeout: float = TIMEOUT) -> bytes:
    """What git prints. Raises NoAnswerError."""
    code, output, said = finished(call, given, timeout)
    if code:
        raise NoAnswerError(_OWNER if "dubious ownership" in said else _reason(said))
    return output


def finished(call: Call, given: bytes = b"", timeout: float = TIMEOUT) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr. Raises NoAnswerError where git cannot be started or takes longer than `timeout`."""
    import subprocess

    try:
        process = start_git(call, given=bool(given))
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"git cannot be started: {error}" if isinstance(error, OSError) else "") from error
    with process:
        try:
            output, said = _patient(process, call, given, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise NoAnswerError(f"timeout after {timeout:g} seconds") from None
        except BaseException:
            process.kill()
            raise
    return process.returncode, output, os.fsdecode(said)


def _patient(process: subprocess.Popen[bytes], call: Call, given: bytes, timeout: float) -> tuple[bytes, bytes]:
    """stdout and stderr. Raises TimeoutExpired; NoAnswerError where git waits for what nobody writes."""
    import subprocess

    try:
        return process.communicate(given or None, min(_PATIENCE, timeout))
    except subprocess.TimeoutExpired:
        if pipe := _pipe(call):
            raise NoAnswerError(f"{pipe} is a pipe, and git would wait for it: remove it") from None
    return process.communicate(timeout=max(timeout - _PATIENCE, 0))


def _pipe(call: Call) -> str:
    """A pipe in the work tree in the place of a file that git reads; "" without."""
    folders = [word.removeprefix(_WORK_TREE) for word in call.argv if word.startswith(_WORK_TREE)][:1]
    while folders:  # Python 3.11's own walk calls itself for each folder in a folder
        for entry in _entries(folders.pop()):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    folders.append(entry.path)
            elif entry.name in _READ_BY_GIT and S_ISFIFO(entry.stat(follow_symlinks=False).st_mode):
                return entry.path
    return ""


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _reason(said: str) -> str:
    """What git complains of; "" where there is simply no history to ask."""
    if any(words in said for words in _NO_HISTORY):
        return ""
    return next((line for line in said.splitlines() if line.strip()), "no error message").removeprefix("fatal: ")
