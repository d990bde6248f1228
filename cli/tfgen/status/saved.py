"""A report that `--format json` has printed, read again."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from tfgen.status.model import Report
from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.trees.files import read_bytes

_FIX = "save a new one with: tfgen status --format json"


def read_report(path: str) -> Report:
    """Raises UsageError where there is no such file, TfgenError for one that is not such a report."""
    try:
        data = read_bytes(Path(path))
    except FileNotFoundError:
        raise UsageError(f"--from {path}: file not found", fix=_FIX) from None
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=path) from None
    return decoded(data, path)


def decoded(data: bytes, path: str) -> Report:
    """The report that `data` is. Raises TfgenError."""
    try:
        return msgspec.json.decode(data, type=Report)
    except msgspec.ValidationError as error:
        message = f"not a report of this tfgen's status: {_in_words(error)}"
        raise TfgenError(message, where=path, fix=f"{_FIX}, or use the tfgen that wrote it") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TfgenError(f"not valid JSON: {error}", where=f"{path}:{_line(data)}", fix=_FIX) from None


def _in_words(error: msgspec.ValidationError) -> str:
    """msgspec's message, with the place first."""
    text, _, at = str(error).partition(" - at `$")
    return f"{at.rstrip('`').lstrip('.')}: {text}" if at.rstrip("`") else text


def _line(data: bytes) -> int:
    """The line of the first fault."""
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except (UnicodeDecodeError, RecursionError, ValueError):
        pass
    return 1
