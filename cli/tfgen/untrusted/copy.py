"""The copy that an untrusted plan is made in: the base's files, files that tfgen generates, files of this machine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from msgspec.structs import replace

from tfgen.terraform.inputs import is_manifest
from tfgen.untrusted.base_tree import BaseTree, files_below, inside, is_below
from tfgen.untrusted.branch import TRACES, Branch
from tfgen.untrusted.fresh_folder import write_commit, write_new
from tfgen.workspace import settings_at
from tfgen_generators.errors import RefusedError, TfgenError
from tfgen_generators.generated.ownership import examine, is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.packer.discovery.place import ROOT, USUAL
from tfgen_generators.root_module.calls import paths_in
from tfgen_generators.root_module.trust import MAINTAINER, Finding, Reached, generated_calls, judge, reach
from tfgen_generators.settings.model import FILE_NAME, Settings

#: What Terraform writes beside the root module's files: states stay where they are, the rest is no input.
_WRITTEN = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan(\.json)?|crash\.(.*\.)?log|\.terraform\.tfstate\.lock\.info")


def base_settings(branch: Branch) -> Settings:
    """The base's settings. Raises RefusedError: without them nothing is known to be trusted."""
    path = branch.path(FILE_NAME)
    text = branch.tree.read([path]).get(path)
    reason = f"has no readable {FILE_NAME}"
    if text is not None:
        try:
            settings = settings_at(branch.workspace.root, text.decode())
        except (TfgenError, UnicodeDecodeError) as error:
            reason = f"{reason} ({error})"
        else:
            now = branch.workspace.settings
            placed = settings.packer_dir == USUAL and now.packer_dir == ROOT  # as the branch's, found by its files
            return replace(settings, packer_dir=ROOT) if placed else settings
    message = f"{branch.base_name} {reason}, so nothing can be trusted"
    raise RefusedError(message, where=FILE_NAME, fix=MAINTAINER)


@dataclass(frozen=True)
class Copy:
    """The copy in the folder `top`, of the base whose settings are `base`. Paths are as in the repository."""

    branch: Branch
    top: Path
    base: Settings

    @property
    def tree(self) -> BaseTree:
        return self.branch.tree

    @property
    def root(self) -> Path:
        """The workspace in it."""
        return self.top / self.branch.prefix

    def write_base(self) -> None:
        """The files of the base, without those that tfgen has generated: they are made anew. Raises TfgenError."""
        folder = self.branch.path(self.base.terraform_dir)
        here = [p for p in self.tree.entries if _parent(p) == folder and is_generated(p.rpartition("/")[2])]
        texts = self.tree.read(here).items()
        ours = {path for path, data in texts if examine(data.decode("utf-8", "replace")).state != "foreign"}
        write_commit(self.tree, self.top, lambda path: path in ours)
        if not (self.root / self.base.terraform_dir).is_dir():
            message = f"{self.branch.base_name} has no such folder"
            raise RefusedError(message, where=self.base.terraform_dir, fix=MAINTAINER)

    def write_generated(self, files: Mapping[str, str]) -> Collection[str]:
        """Generated files, by their paths in the workspace. Raises TfgenError."""
        written = {self._real(path): text for path, text in files.items()}
        for path, text in written.items():
            write_new(self.top, path, text.encode())
        return written.keys()

    def _real(self, path: str) -> str:
        """The base may have links on the way to its root module; they stay in the copy."""
        folder, _, name = path.rpartition("/")
        real = inside(Path(os.path.realpath(self.top)), self.root / folder)
        if real is None:
            raise RefusedError("leads out of the repository", where=folder, fix=MAINTAINER)
        return os.path.normpath(f"{real}/{name}")

    def reach(self, settings: Settings) -> Reached:
        """The modules that the root module reaches. Raises RefusedError for a folder that is none of the base's."""
        root = self._real(f"{self.base.terraform_dir}/x").rpartition("/")[0] or "."
        return reach(root, generated_calls(settings), self.terraform_files, self.follow)

    def follow(self, path: str) -> str | None:
        """Where the links of `path` lead in the copy; None when that is out of it."""
        return None if path.startswith("../") or path == ".." else inside(self.top, self.top / path)

    def terraform_files(self, folder: str) -> Mapping[str, bytes]:
        """The base's Terraform files in `folder`, as messages name them."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.top / folder) if is_terraform(entry.name))
        except OSError:
            return {}
        paths = [os.path.normpath(f"{folder}/{name}") for name in names]
        files = [path for path in paths if (self.top / path).is_file() and not self._is_ours(path)]
        return {self.branch.shown(path): (self.top / path).read_bytes() for path in files}

    def _is_ours(self, path: str) -> bool:
        return is_generated(path.rpartition("/")[2]) and path not in self.tree.entries

    def distrusted(self, reached: Reached) -> Iterator[Finding]:
        """What of the base would do what the branch says, or read the check-out where it lies."""
        yield from reached.findings
        root = next(iter(reached.modules))
        yield from judge(reached.modules, root)
        places = {os.fsencode(str(place)) for place in (self.tree.top, self.branch.workspace.root)}
        for folder in reached.modules:
            for path, data in self.terraform_files(folder).items():
                if any(place in data for place in places):
                    message = f"{self.branch.base_name} names this check-out by its absolute path"
                    yield Finding(path=path, message=f"{message}: what lies there is the branch's")

    def named(self, folders: Iterable[str]) -> frozenset[str]:
        """The paths that the base's Terraform names in quotes, and may read."""
        root, *_ = folders = list(folders)
        found: set[str] = set()
        for folder in folders:
            for data in self.terraform_files(folder).values():
                starts = {os.path.normpath(f"{start}/{text}") for text in paths_in(data) for start in (folder, root)}
                found |= {path for path in starts if path != "." and not path.startswith("../")}
        return frozenset(found)

    def add_machines(self, folders: Collection[str], named: Iterable[str]) -> list[str]:
        """Copies files that were made on this machine, and so came with no commit: in `folders` and those `named`."""
        found: list[str] = []
        for path in sorted({*self._made_here(folders), *named}):
            source = self.tree.top / path
            if self._is_output(path) or not self.tree.is_made_here(path):
                continue
            if _is_file(source) and not os.path.lexists(self.top / path):
                for folder in reversed(PurePosixPath(path).parents):  # parents=True needs a stack as deep as they are
                    (self.top / folder).mkdir(exist_ok=True)
                shutil.copyfile(source, self.top / path, follow_symlinks=False)
                found.append(path)
        return found

    def _made_here(self, folders: Collection[str]) -> Iterator[str]:
        """Beside Terraform's files, and below: not below a folder that is around all else."""
        around = self.branch.path(self.base.packer_dir)
        for folder in folders:
            deep = not is_below(around, folder)
            yield from _files(self.tree.top, folder, deep=deep)

    def _is_output(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        if is_terraform(name) and not is_generated(name):
            return False
        if is_generated(name) or _WRITTEN.fullmatch(name):
            return True
        file = self.tree.top / path
        return is_manifest(file) or is_manifest(file.with_name(f"{name}.json"))


def _files(top: Path, folder: str, *, deep: bool) -> Iterator[str]:
    """Without links, pipes and the like."""
    found = files_below(top, folder, {".git", *TRACES}, deep=deep)
    return (path for path in found if _is_file(top / path))


def _is_file(file: Path) -> bool:
    try:
        return S_ISREG(os.lstat(file).st_mode)
    except OSError:
        return False


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
