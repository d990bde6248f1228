"""The hand-written files that Terraform reads: which there are, and whether they are those of the base commit."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.untrusted.base_tree import BaseTree, files_below, inside, is_below, is_outside, links_to
from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.root_module.calls import paths_in
from tfgen_generators.root_module.trust import MAINTAINER, Finding, Reached, reach
from tfgen_generators.settings.model import FILE_NAME, Settings

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.root_module.calls import Call

#: What Terraform and tfgen keep for themselves: whoever has it in a commit decides what is run.
_TRACES = frozenset({".terraform", ".tfgen"})
_PLAN = ".tfplan"
#: What Terraform writes beside the root module's files: not from a branch, unless git tracks it.
_MADE = frozenset(
    {
        ".terraform.lock.hcl",
        ".terraform.tfstate.lock.info",
        "crash.log",
        "errored.tfstate",
        "terraform.tfstate",
        "terraform.tfstate.backup",
    }
)


class HandWritten:
    """The files of `workspace` below `top`, held against `tree` (None: nothing to compare with)."""

    def __init__(self, workspace: Workspace, top: Path, tree: BaseTree | None, name: str) -> None:
        self.workspace, self.top, self.tree, self.name = workspace, top, tree, name
        self.settings = workspace.settings
        self.prefix = inside(top, workspace.root) or "."
        self._seen: set[str] = set()
        self._links: set[str] = set()
        self._named: set[tuple[str, str]] = set()
        self._spared: str | None = None

    def path(self, path: str) -> str:
        """A path of the workspace's as one of the repository's."""
        return os.path.normpath(f"{self.prefix}/{path}")

    def shown(self, path: str) -> str:
        """A path of the repository's as messages name it."""
        return os.path.relpath(path, self.prefix)

    @cached_property
    def root(self) -> str:
        """Where the root module really is; terraform_dir as written where that leads out."""
        return self._real(self.path(self.settings.terraform_dir)) or self.path(self.settings.terraform_dir)

    @cached_property
    def templates(self) -> str:
        """Where the templates really are."""
        return self._real(self.path(self.settings.packer_dir)) or self.path(self.settings.packer_dir)

    def _real(self, path: str) -> str | None:
        return None if is_outside(path) else inside(self.top, self.top / path)

    def _finding(self, path: str, message: str, fix: str = MAINTAINER) -> Finding:
        return Finding(path=self.shown(path), message=message, fix=fix)

    def traces(self) -> Iterator[Finding]:
        """What git tracks and must not: it could stand for a provider, a backend or an answer of ours."""
        found = {trace for path in self.tree.tracked if (trace := _trace(path))} if self.tree else set()
        for path in sorted(found):
            fix = f"run: git rm -r --cached {shlex.quote(self.shown(path))}"
            yield self._finding(path, "must not be committed", fix)

    def leading_out(self) -> Iterator[Finding]:
        """Symlinks that lead out of the repository, where tfgen would read."""
        for name in (FILE_NAME, self.settings.packer_dir, self.settings.terraform_dir):
            if self._real(self.path(name)) is None:
                yield self._finding(self.path(name), "is a symlink to outside the repository", "remove it")
        for path in files_below(self.top, self.templates, {".git"}):
            if (self.top / path).is_symlink() and self._real(path) is None:
                yield self._finding(path, "is a symlink to outside the repository", "remove it")

    def reach(self, calls: Iterable[Call]) -> Reached:
        """The modules that the root module reaches, as they are on the disk."""
        return reach(self.root, calls, self._files, self._follow)

    def reach_base(self, settings: Settings, calls: Iterable[Call]) -> Reached:
        """The same, as the base has it."""
        return reach(self.path(settings.terraform_dir), calls, self._base_files, lambda path: path)

    def _follow(self, path: str) -> str | None:
        if not is_outside(path):
            self._links.update(links_to(self.top, path))
        return self._real(path)

    def _files(self, folder: str) -> Mapping[str, bytes]:
        try:
            names = sorted(entry.name for entry in os.scandir(self.top / folder) if is_terraform(entry.name))
        except OSError:
            return {}
        found: dict[str, bytes] = {}
        for name in names:
            path = os.path.normpath(f"{folder}/{name}")
            is_file = (self.top / path).is_file() and self._real(path) is not None
            if is_file and not self._is_generated(path) and not self._is_own(path):
                with contextlib.suppress(OSError):  # Terraform cannot read it either
                    data = found[self.shown(path)] = (self.top / path).read_bytes()
                    self._named.update((start, text) for text in paths_in(data) for start in (folder, self.root))
        return found

    def _base_files(self, folder: str) -> Mapping[str, bytes]:
        if self.tree is None:
            return {}
        here = "" if folder == "." else folder
        names = (path for path in self.tree.below(folder) if os.path.dirname(path) == here)  # noqa: PTH120 no Path
        return self.tree.read(path for path in names if _is_read(path.rpartition("/")[2]))

    def differences(self, folders: Iterable[str], before: Settings | None) -> Iterator[Finding]:
        """Everything in `folders` (modules, the root module) that is not as in the base; links that lead elsewhere.

        Templates that lie there are spared, but only where the base has them, too: by `before`, its settings.
        """
        if before is not None and before.packer_dir == self.settings.packer_dir:
            self._spared = self.path(before.packer_dir)
        self._links.update(links_to(self.top, self.path(self.settings.terraform_dir)))
        for link in sorted(self._links):
            yield from self._file(link)
        for folder in folders:
            yield from self._folder(folder)
        yield from self._read_elsewhere()

    def _read_elsewhere(self) -> Iterator[Finding]:
        """What hand-written files name beyond those folders, for `file` and its like, or as a provider's settings."""
        for start, text in sorted(self._named) if self.tree else ():
            real = self._real(os.path.normpath(f"{start}/{text}"))
            if real is None:
                continue
            if (self.top / real).is_dir():
                if not is_below(self.root, real) and not (self._spared and is_below(self._spared, real)):
                    yield from self._folder(real)
            elif not self._is_generated(real) and self.tree and self.tree.is_of_a_commit(real):
                yield from self._file(real)

    def _folder(self, folder: str) -> Iterator[Finding]:
        for path in files_below(self.top, folder, {".git", *_TRACES}):
            if self._is_compared(path, folder):
                yield from self._file(path)
        for path in self.tree.below(folder) if self.tree else ():
            if self._is_compared(path, folder) and not os.path.lexists(self.top / path):
                yield self._finding(path, f"was deleted; {self.name} has it")

    def _is_compared(self, path: str, folder: str) -> bool:
        """Templates may lie in the root module's folder; what is generated has been looked at."""
        spared = self._spared if self._spared not in (None, folder) else None
        is_template = spared is not None and is_below(spared, folder) and is_below(path, spared)
        return not is_template and path != self.path(FILE_NAME) and not self._is_generated(path)

    def _file(self, path: str) -> Iterator[Finding]:
        if path in self._seen:
            return
        self._seen.add(path)
        if (self.top / path).is_symlink():
            yield from self._target(path)
        if self.tree is None or self.tree.has(path) or self._is_own(path):
            return
        there = path in self.tree.entries
        yield self._finding(path, f"differs from {self.name}" if there else f"is new: {self.name} does not have it")

    def _target(self, link: str) -> Iterator[Finding]:
        """What a link leads to is read too."""
        real = self._real(link)
        if real is None:
            yield self._finding(link, "is a symlink to outside the repository", "remove it")
        elif (self.top / real).is_dir():
            yield from self._folder(real)
        elif not self._is_generated(real):
            yield from self._file(real)

    def _is_generated(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return (folder or ".") == self.root and not _is_hand_written(name)

    def _is_own(self, path: str) -> bool:
        """Whether it was made here and cannot have come with a commit."""
        if self.tree is None or path in self.tree.tracked:
            return False
        return path.rpartition("/")[2] in _MADE or path in self.tree.ignored


def _trace(path: str) -> str:
    """The part of `path` that no commit may hold, "" without."""
    parts = path.split("/")
    for number, part in enumerate(parts, 1):
        if part.casefold() in _TRACES:
            return "/".join(parts[:number])
    return path if path.casefold().endswith(_PLAN) else ""


def _is_hand_written(name: str) -> bool:
    return not is_generated(name)


def _is_read(name: str) -> bool:
    return is_terraform(name) and _is_hand_written(name)
