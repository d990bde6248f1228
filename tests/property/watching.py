"""Which paths a Python process opens, looks at or lists, with those that it forks."""

from __future__ import annotations

import os
import posixpath
import sys
from pathlib import Path
from typing import Any

_LISTS = {"os.listdir", "os.scandir"}


def watch(below: str, record: int) -> None:
    """Every path below `below` that this process and its children open, look at or list goes to `record`."""
    prefix = below + "/"
    cwd = str(Path.cwd())
    seen: set[bytes] = set()

    def note(how: str, path: object) -> None:
        if not isinstance(path, str | bytes):
            return
        text = os.fsdecode(path)
        text = posixpath.normpath(text if text.startswith("/") else f"{cwd}/{text}")
        if text == below or text.startswith(prefix):
            line = f"{how} {text}\0".encode(errors="surrogateescape")
            if line not in seen:
                seen.add(line)
                os.write(record, line)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            note("open", arguments[0])
        elif event in _LISTS:
            note("list", arguments[0])

    def looked(real: Any) -> Any:
        def look(path: Any, *rest: Any, **more: Any) -> Any:
            note("look", path)
            return real(path, *rest, **more)

        return look

    os.stat, os.lstat, os.access = looked(os.stat), looked(os.lstat), looked(os.access)
    sys.addaudithook(hook)
