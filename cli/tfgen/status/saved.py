"""The report as JSON: printed, and read again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
from msgspec.structs import replace

from tfgen.console import out_json, printable_json
from tfgen.status.model import ImageStatus, Report
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


def print_report(report: Report) -> None:
    """The report as `read_report` reads it, to stdout."""
    try:
        around = msgspec.json.format(msgspec.json.encode(replace(report, images=())), indent=2).decode()
    except UnicodeEncodeError:  # a path that is not UTF-8: slower, and as an escape
        out_json(msgspec.to_builtins(report))
        return
    # Image by image: of a thousand the whole text would take long and much room.
    before, _, after = printable_json(around).partition('"images": []')
    sys.stdout.write(f'{before}"images": [')
    for number, row in enumerate(report.images):
        text = _formatted(row).replace("\n", "\n    ")  # no string of JSON has a line break
        sys.stdout.write(f"{',' if number else ''}\n    {printable_json(text)}")
    closing = "\n  ]" if report.images else "]"
    sys.stdout.write(f"{closing}{after}\n")


def _formatted(row: ImageStatus) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(row), indent=2).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(row), indent=2, ensure_ascii=False)


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
