"""Everything on disk that a look at the repository depended on."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tfgen.sync.fast_check import generated_in
from tfgen_generators.dispatcher.module import dispatcher_folder
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.module.interface import module_folder
from tfgen_generators.paths.pipeline_files import BUILDSPECS
from tfgen_generators.pipeline.shared_module import shared_folder
from tfgen_generators.settings.inputs import Literal
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.settings.model import Settings
    from tfgen_generators.sync.model import SyncResult

#: Hand-written calls, and the values in them, say whether a second one would be made.
_VALUES = (".tfvars", ".tfvars.json")
_CANDIDATES = (".hcl", ".json", ".example", ".gitignore")


def seen_by(workspace: Workspace, result: SyncResult) -> Iterator[str]:
    """Files and folders, there or not, relative to the root. A folder's own time shows what came and went in it.

    Raises OSError where what was seen cannot be named.
    """
    settings, root = workspace.settings, workspace.root
    yield from _libraries()
    if generated_in(str(workspace.terraform_dir)) != sorted(PurePosixPath(p).name for p in result.changes.unchanged):
        raise FileNotFoundError(workspace.terraform_dir)  # it has changed since the look
    yield from (FILE_NAME, f"{settings.terraform_dir}/", *_of_git(root, asked=result.discovery.asked_git))
    yield from (str(parent / ".gitignore") for parent in PurePosixPath(settings.packer_dir).parents)
    yield from _buildspecs(settings)
    for folder in result.discovery.folders:
        yield folder
        with os.scandir(root / folder) as entries:
            # A link is watched whatever its name: what it leads to may come and go.
            yield from (f"{folder}/{e.name}" for e in entries if e.name.endswith(_CANDIDATES) or e.is_symlink())
    yield from settings.origin.variants.files
    with os.scandir(workspace.terraform_dir) as entries:
        yield from (entry.path for entry in entries if is_terraform(entry.name) or entry.name.endswith(_VALUES))
    for module in (module_folder(root, settings), dispatcher_folder(root, settings), shared_folder(root, settings)):
        if module is not None:
            yield str(module)
            with contextlib.suppress(FileNotFoundError), os.scandir(module) as entries:
                yield from (entry.path for entry in entries if ".tf" in entry.name)


def _buildspecs(settings: Settings) -> Iterator[str]:
    """Files that say how PACKER_SCRIPT is used. Links on the way are not looked at: a link is watched as what it is."""
    yield from BUILDSPECS
    tables = (settings.inputs, settings.module.inputs or {}, *(one.inputs for one in settings.templates.values()))
    for inputs in tables:
        value = inputs.get("buildspec")
        if isinstance(value, Literal) and isinstance(value.value, str) and "\n" not in value.value:
            yield value.value


def _libraries() -> Iterator[str]:
    """What the facts depend on beside our own code."""
    for name in ("msgspec", "tree_sitter", "tree_sitter_hcl"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            yield spec.origin


def _of_git(root: Path, *, asked: bool) -> Iterator[str]:
    """What git's own files say of ignored ones. Raises OSError where that lies elsewhere (a worktree, a submodule)."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        return
    if not (top / ".git").is_dir():
        raise FileNotFoundError(top)
    yield from (str(folder / ".gitignore") for folder in root.parents if folder.is_relative_to(top))
    yield str(top / ".git" / "info" / "exclude")
    if asked:
        yield str(top / ".git" / "index")
