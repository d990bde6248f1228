"""git's three-way merge of one file: no repository is asked, nothing of the user's is touched."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tfgen.git.invocation.errors import NoAnswerError
from tfgen.git.invocation.isolation import reading
from tfgen.git.invocation.start import finished
from tfgen.git.repository import require_program
from tfgen_generators.errors import TfgenError

#: Exit codes up to here count conflicts; git's own failures are above.
_MOST_CONFLICTS = 127


def merge_file(root: Path, mine: str, base: str, theirs: str, labels: tuple[str, str, str]) -> tuple[str, int]:
    """`mine` with what `theirs` has otherwise than `base`, and how many conflicts are marked in it (git's marks).

    `labels` are the names of mine, base and theirs in the marks. Raises TfgenError.
    """
    require_program(root)
    with tempfile.TemporaryDirectory(prefix="tfgen-merge-") as folder:
        files = []
        for name, text in (("mine", mine), ("base", base), ("theirs", theirs)):
            file = Path(os.path.realpath(folder)) / name
            file.write_bytes(text.encode())
            files.append(str(file))
        words = [word for label in labels for word in ("-L", label)]
        try:
            code, output, said = finished(reading(root, None, "merge-file", "-p", *words, *files))
        except NoAnswerError as error:
            raise TfgenError(f"git merge-file failed: {error}") from None
    if not 0 <= code <= _MOST_CONFLICTS:
        raise TfgenError(f"git merge-file failed: {said.strip() or f'exit code {code}'}")
    return output.decode(), code
