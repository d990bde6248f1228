"""Everything on disk that a look at the repository depended on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tfgen_generators.settings import FILE_NAME

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.estate import Survey

_CANDIDATES = (".hcl", ".json", ".example", ".gitignore")


def seen_by(workspace: Workspace, result: Survey) -> Iterator[str]:
    """Files and folders, there or not, relative to the root. A folder's own time shows what came and went in it."""
    settings, root = workspace.settings, workspace.root
    yield from (FILE_NAME, ".git/info/exclude", settings.terraform_dir)
    if result.discovery.asked_git:
        yield ".git/index"
    yield from (str(parent / ".gitignore") for parent in PurePosixPath(settings.packer_dir).parents)
    for folder in result.discovery.folders:
        yield folder
        with os.scandir(root / folder) as entries:
            yield from (f"{folder}/{entry.name}" for entry in entries if entry.name.endswith(_CANDIDATES))
    yield from result.changes.unchanged
    if settings.module.source.startswith((".", "..")):
        module = os.path.normpath(workspace.terraform_dir / settings.module.source)
        yield module
        if Path(module).is_dir():
            with os.scandir(module) as entries:
                yield from (entry.path for entry in entries if ".tf" in entry.name)
