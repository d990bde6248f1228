"""A state that Terraform could not save: without it, nobody knows what AWS has.

Terraform writes it to `errored.tfstate`, or, where that fails too, prints it ("Emergency state dump").
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from tfgen.console import printable_json
from tfgen.phrases import stamp
from tfgen.state.backup import new_backup
from tfgen.state.encrypted import is_encrypted
from tfgen.terraform.reports.events import EMERGENCY, read_event
from tfgen.workspace import Workspace
from tfgen_generators.errors import RefusedError, TfgenError

NAME = "errored.tfstate"
#: Around a state that could be written nowhere, and so is printed.
BEGIN, END = "-----BEGIN TERRAFORM STATE-----", "-----END TERRAFORM STATE-----"
_PRINTED = re.compile(rf"{BEGIN}\s*(.*?)\s*{END}".encode(), re.DOTALL)
_PUSH = "tfgen state push-errored"


def unsaved_state(workspace: Workspace) -> Path | None:
    """The file, when Terraform has left one."""
    file = workspace.terraform_dir / NAME
    return file if os.path.lexists(file) else None


def require_none(workspace: Workspace) -> None:
    """Raises RefusedError when one lies there: the next failure would overwrite it."""
    if unsaved_state(workspace) is not None:
        raise RefusedError(
            "an earlier apply could not save its state, which is only in this file; another apply would lose it",
            where=_shown(workspace),
            fix=f"run: {_PUSH}",
        )


def warning(workspace: Workspace) -> str:
    """What a plan says of it; "" when there is none."""
    if unsaved_state(workspace) is None:
        return ""
    return (
        f"{_shown(workspace)}: an earlier apply could not save its state, so this plan does not know what it created; "
        f"run: {_PUSH}"
    )


def keep(workspace: Workspace) -> str:
    """Copies it into `.tfgen/backup/` and says where all of it lies; "" when there is none."""
    file = unsaved_state(workspace)
    if file is None:
        return ""
    try:
        backup, descriptor = new_backup(workspace, NAME)
        with os.fdopen(descriptor, "wb") as target, file.open("rb") as source:
            shutil.copyfileobj(source, target)
    except (OSError, TfgenError) as error:
        copied = f"copying it failed: {error}"
    else:
        copied = f"copy: {os.path.relpath(backup)}"
    return f"the state could not be saved and is in {_shown(workspace)} ({copied}); run: {_PUSH}"


def keep_dump(workspace: Workspace, state: bytes) -> str:
    """Writes a state that Terraform has printed to the first place that takes it, and says where; else to stderr."""
    tried: list[str] = []
    for make in (partial(new_backup, workspace, NAME), _in_temporary_folder, _at_home):
        try:
            file, descriptor = make()
        except (OSError, RuntimeError, TfgenError) as error:  # RuntimeError: nobody knows where home is
            tried.append(str(error))
            continue
        try:
            with os.fdopen(descriptor, "wb") as target:
                target.write(state)
                target.flush()
                os.fsync(descriptor)
        except OSError as error:
            tried.append(f"{file}: {error.strerror}")
            file.unlink(missing_ok=True)
        else:
            return f"the state could not be saved; it is in {file}; run: {_PUSH} {shlex.quote(str(file))}"
    _print(f"{BEGIN}\n{printable_json(state.decode('utf-8', 'replace'))}\n{END}\n")
    reasons = "; ".join(tried)
    way_out = f"it is printed above: save that text, then run: {_PUSH} FILE"
    return f"the state could not be saved anywhere ({reasons}); {way_out}"


def _print(text: str) -> None:
    """Nothing can be written: the last place is what somebody, or a CI log, reads. It may hold secrets."""
    for stream in (sys.stderr, sys.stdout):  # a file on a full disk may be behind either
        left = memoryview(text.encode())
        with contextlib.suppress(OSError):
            stream.flush()
            # With PYTHONUNBUFFERED a write may take a part of it, and be no error.
            while left and (taken := stream.buffer.write(left)):
                left = left[taken:]
            stream.buffer.flush()
            if not left:
                return


def read_errored(workspace: Workspace, file: Path | None) -> tuple[bytes, Path]:
    """The state in `file`, else in what Terraform or tfgen has left, and the file it is in. Raises TfgenError.

    `file` may be a state, a log of a run of Terraform, or any text with a state that was printed.
    """
    for path in [file] if file else _candidates(workspace):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise TfgenError(f"cannot be read: {error.strerror}", where=str(path)) from None
        if state := _state_in(data):
            return state, path
    if file:
        message = "no state found in it" if file.exists() else "file not found"
        raise TfgenError(message, where=str(file), fix="use the file that tfgen apply named, or the log of that apply")
    raise TfgenError("no unsaved state found", fix=f"run it with the file: {_PUSH} FILE")


def _state_in(data: bytes) -> bytes:
    """The state in `data` as it is, between marks, or in an event of Terraform's; b"" without one."""
    printed = [text.rpartition(BEGIN.encode())[2].strip() for text in _PRINTED.findall(data)]  # one may be cut
    texts: list[bytes] = [data.strip(), *reversed(printed)]
    for text in texts:
        if text.startswith(b"{") and _is_state(text):
            return text
    for line in reversed(data.splitlines()):
        if EMERGENCY.encode() in line[:300] and (event := read_event(line)) and event.state:
            return bytes(event.state)
    return b""


def _is_state(text: bytes) -> bool:
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    if not isinstance(document, dict) or not {"serial", "lineage"} <= document.keys():
        return False
    return "version" in document or is_encrypted(text)


def _candidates(workspace: Workspace) -> Iterator[Path]:
    """Where a state that was not saved may be, the newest first."""
    yield workspace.terraform_dir / NAME
    found = (workspace.state_dir / "backup").glob(f"{NAME}.*")
    yield from sorted(found, key=lambda file: file.stat().st_mtime, reverse=True)


def _in_temporary_folder() -> tuple[Path, int]:
    descriptor, name = tempfile.mkstemp(prefix=f"{NAME}.")
    return Path(name), descriptor


def _at_home() -> tuple[Path, int]:
    file = Path.home() / f"{NAME}.{stamp()}-{os.getpid()}"
    return file, os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _shown(workspace: Workspace) -> str:
    return os.path.relpath(workspace.terraform_dir / NAME)
