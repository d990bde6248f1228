"""Which paths of the repository a plan reads beside the folders of its modules: who reads each, and for which image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.terraform.inputs import values_of
from tfgen.untrusted.base_tree import is_below
from tfgen_generators.generated.ownership import image_of, is_generated
from tfgen_generators.module.file_reads import Pattern, pattern_of
from tfgen_generators.paths.terraform_reads import TerraformReads
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.linked import files_below
from tfgen_generators.trees.store import Store

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class PlanReads:
    """Of the work tree. Paths are relative to `top`, the repository's own root; `root` is the root module's folder."""

    def __init__(self, top: Path, root: str, workspace: Workspace, arguments: Sequence[str]) -> None:
        self._tree, self._root, self._arguments = DiskTree(top), root, arguments
        self._reads = TerraformReads(self._tree, workspace.settings, Store(), root)
        self._reached = self._reads.everything()
        self.folders = [folder for folder in self._reached.folders if folder != root]

    @property
    def problem(self) -> str:
        """Why it is not known what is read, "" when it is."""
        for called in self._reached.outside:
            return f"the module in {called.folder} is outside the repository"
        for path, reason in self._reached.unreadable.items():
            return f"{path} {reason}, so its effects are not known"
        return ""

    @cached_property
    def _shared(self) -> list[tuple[Pattern, str]]:
        """What is read for all images, and by whom."""
        found: list[tuple[Pattern, str]] = []
        for read in self._reached.reads:
            pattern = pattern_of(read.text, self._root, with_folder=read.with_folder)
            if pattern is not None:
                found.append((pattern, _place(read.path, read.line)))
        for called in self._reached.anywhere:
            found.append((Pattern(".", with_folder=True), _place(called.path, called.line)))
        for value in values_of("var-file", self._arguments):
            pattern = pattern_of(value, self._root)
            if pattern is not None:
                found.append((pattern, f"-var-file={value}"))
        return [*found, *self._behind_links()]

    def _behind_links(self) -> list[tuple[Pattern, str]]:
        """Where links in the folders of modules lead, and those on the way to what is read."""
        folders = [self._root, *self.folders]
        paths = [path for folder in folders for path in (folder, *files_below(self._tree, folder))]
        return [(Pattern(other), path) for path in paths for other in self._tree.links(path)]

    @cached_property
    def _by_image(self) -> list[tuple[str, Pattern]]:
        names = [image_of(name) for name in self._tree.names(self._root) if is_generated(name)]
        return [(name, pattern) for name in names for pattern, _ in self._reads.of_image(name, "")]

    def is_elsewhere(self, folders: Sequence[str]) -> bool:
        """Whether something may be read that is not below one of `folders`."""
        patterns = [*(pattern for pattern, _ in self._shared), *(pattern for _, pattern in self._by_image)]
        return any(not any(is_below(pattern.text, folder) for folder in folders) for pattern in patterns)

    def reader_of(self, path: str, *, is_folder: bool = False) -> str:
        """Who reads `path` for all images, "" when nobody does; of a folder nothing is known but that it differs."""
        for pattern, reader in self._shared:
            if self._is_meant(pattern, path, is_folder=is_folder):
                return reader
        return ""

    def images_of(self, path: str, *, is_folder: bool = False) -> set[str]:
        """The images for which alone `path` is read."""
        return {name for name, pattern in self._by_image if self._is_meant(pattern, path, is_folder=is_folder)}

    def _is_meant(self, pattern: Pattern, path: str, *, is_folder: bool) -> bool:
        if pattern.may_be_below(path) if is_folder else pattern.matches(path):
            return True
        return path in self._tree.links(pattern.text) if not pattern.widened else False


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path
