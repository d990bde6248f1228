"""The branch that an untrusted plan is of: where its files lie in the repository, beside those of the base."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen.untrusted.base_tree import BaseTree, files_below, folded, inside, is_below, is_outside, links_to
from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.module.interface import module_folder
from tfgen_generators.root_module.trust import Finding
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from tfgen.workspace import Workspace

#: What Terraform and tfgen keep for themselves: whoever has it in a commit decides what is run.
TRACES = frozenset({".terraform", ".tfgen"})
_PLAN = ".tfplan"


@dataclass(frozen=True)
class Branch:
    """The checked-out branch in `workspace`, beside the base in `tree`, which is called `base_name`.

    Paths are relative to the repository's own root, but for those that messages show.
    """

    workspace: Workspace
    tree: BaseTree
    base_name: str

    @property
    def top(self) -> Path:
        return self.tree.top

    @cached_property
    def prefix(self) -> str:
        """Where the workspace lies in the repository."""
        return inside(self.top, self.workspace.root) or "."

    def path(self, path: str) -> str:
        """A path of the workspace's as one of the repository's."""
        return os.path.normpath(f"{self.prefix}/{path}")

    def shown(self, path: str) -> str:
        """A path of the repository's as messages name it."""
        return os.path.relpath(path, self.prefix)

    def hostile(self) -> Iterator[Finding]:
        """What makes reading the branch unsafe: nothing of it is read before."""
        yield from self._traces()
        yield from self._collisions()
        yield from self._leading_out()

    def _traces(self) -> Iterator[Finding]:
        """What git tracks and must not: it could stand for a provider, a backend or an answer of ours."""
        for path in sorted({trace for path in self.tree.index if (trace := _trace(path))}):
            fix = f"run: git rm -r --cached {shlex.quote(self.shown(path))}"
            yield Finding(path=self.shown(path), message="must not be committed", fix=fix)

    def _collisions(self) -> Iterator[Finding]:
        """Names that some file systems take for those of what is read here: one file would hide behind another."""
        settings = self.workspace.settings
        places = [self.path(name) for name in (FILE_NAME, settings.terraform_dir, settings.packer_dir)]
        around = {folded(place): place for place in places}
        seen: dict[str, str] = {}
        for path in self.tree.index:
            parts = path.split("/")
            for part in ("/".join(parts[:number]) for number in range(1, len(parts) + 1)):
                name = folded(part)
                if seen.setdefault(name, part) != part and any(_touches(name, place) for place in around):
                    message = f"is the same name as {self.shown(seen[name])} for some file systems"
                    yield Finding(path=self.shown(part), message=message, fix="rename one of them")

    def _leading_out(self) -> Iterator[Finding]:
        """Symlinks that lead out of the repository, where tfgen would read."""
        settings, root = self.workspace.settings, self.workspace.root
        for name in (FILE_NAME, settings.packer_dir, settings.terraform_dir):
            if self.real(self.path(name)) is None:
                yield Finding(path=name, message="is a symlink to outside the repository", fix="remove it")
        folder = module_folder(root, settings)
        if folder is not None and inside(self.top, folder) is None:
            line = settings.line("module", "source")
            yield Finding(path=FILE_NAME, line=line, message="module.source is outside the repository")
        for path in self._read():
            if (self.top / path).is_symlink() and (is_generated(path.rpartition("/")[2]) or self.real(path) is None):
                yield Finding(path=self.shown(path), message=self._link(path), fix="remove it")

    def _link(self, path: str) -> str:
        return "is a symlink to outside the repository" if self.real(path) is None else "must not be a symlink"

    def _read(self) -> Iterator[str]:
        """The files that sync reads."""
        settings = self.workspace.settings
        templates, folder = self.real(self.path(settings.packer_dir)), self.real(self.path(settings.terraform_dir))
        if templates is not None:
            yield from files_below(self.top, templates, {".git"})
        if folder is not None:
            names = sorted(entry.name for entry in os.scandir(self.top / folder)) if self._is_folder(folder) else []
            yield from (os.path.normpath(f"{folder}/{name}") for name in names if is_generated(name))

    def _is_folder(self, path: str) -> bool:
        return (self.top / path).is_dir()

    def real(self, path: str) -> str | None:
        """Where the links of `path` lead; None when that is out of the repository."""
        return None if is_outside(path) else inside(self.top, self.top / path)

    def is_plain(self, path: str) -> bool:
        """Whether no link leads to `path`."""
        return not any(links_to(self.top, path))


def _touches(name: str, place: str) -> bool:
    return is_below(name, place) or is_below(place, name)


def _trace(path: str) -> str:
    """The part of `path` that no commit may hold, "" without."""
    parts = path.split("/")
    for number, part in enumerate(parts, 1):
        if part.casefold() in TRACES:
            return "/".join(parts[:number])
    return path if path.casefold().endswith(_PLAN) else ""
