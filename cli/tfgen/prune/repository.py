"""The AMI ids that stand in the repository's files, tracked or not, and where."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tfgen.aws.images.model import AMI_ID
from tfgen.prune.plan_file import is_plan
from tfgen_generators.trees.files import MOST_COPIED, read_bytes

_ENDINGS = (".tf", ".tofu", ".tfvars", ".hcl", ".json", ".yaml", ".yml", ".toml")
_NOT = frozenset({".git", ".terraform", ".tfgen", ".venv", "node_modules", "__pycache__"})
_ID = re.compile(AMI_ID.pattern.encode())


def written_ids(root: Path) -> Iterator[tuple[str, str]]:
    """AMI id and `path:line` of each place, but for plans of `tfgen prune` itself. Raises OSError."""
    for path in _files(root):
        content = read_bytes(path, MOST_COPIED)
        if b"ami-" not in content or is_plan(content):
            continue
        where = os.path.relpath(path, root)
        line, seen = 1, 0
        for match in _ID.finditer(content):
            line += content.count(b"\n", seen, match.start())
            seen = match.start()
            yield match[0].decode(), f"{where}:{line}"


def _files(root: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if name not in _NOT)
        for name in sorted(files):
            path = Path(folder, name)
            if name.lower().endswith(_ENDINGS) and path.is_file():
                yield path
