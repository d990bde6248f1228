"""On a guest: what Ansible's modules import from their archive is compiled once, and not again for each task.

A module comes as an archive of Python sources, and compiling them is a third of a task's processor time. The guest's
Python runs this at each start (guest.sh): it knows no code of these tests, and must start fast.
"""
# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import _imp
import marshal
import os
import zipimport
from types import CodeType

_KEPT = "/run/compiled"
_compile = zipimport._compile_source


def _compiled_once(path: str, source: bytes) -> CodeType:
    name = path.rpartition(".zip/")[2].replace("/", ".")
    kept = f"{_KEPT}/{os.geteuid()}-{name}-{_imp.source_hash(len(source), source).hex()}"
    try:
        with open(kept, "rb") as file:  # noqa: PTH123 importing pathlib takes as long as all of this
            return marshal.load(file)  # type: ignore[no-any-return]
    except OSError:
        code: CodeType = _compile(path, source)
    with open(f"{kept}.{os.getpid()}", "wb") as draft:  # noqa: PTH123
        marshal.dump(code, draft)
    os.rename(draft.name, kept)  # noqa: PTH104
    return code


zipimport._compile_source = _compiled_once
