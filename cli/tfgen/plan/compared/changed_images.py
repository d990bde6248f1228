"""`plan --changed`: the images whose generated block differs from that of the base commit, as targets for Terraform.

Where anything else that Terraform reads differs, there is no telling what it reaches: then everything is planned.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from tfgen.git.differences import differences
from tfgen.git.repository import NoAnswerError, records, run_git, top_of
from tfgen.plan.compared.reads import PlanReads
from tfgen.untrusted.base_tree import BaseTree, inside, is_below, is_outside
from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import examine, is_generated, same
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.root_module.trust import generated_calls, reach
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen.git.merge_base import Base
    from tfgen.workspace import Workspace
    from tfgen_generators.trees.overlay import Other

_NAMES = re.compile(
    r'^module "([A-Za-z_][A-Za-z0-9_-]*)" \{$|^  (?:from|to) += module\.([A-Za-z_][A-Za-z0-9_-]*)$', re.MULTILINE
)
#: What Terraform and tfgen write beside the files of a person; tracked or not, a plan's inputs are elsewhere.
_FOLDERS = frozenset({".git", ".terraform", ".tfgen"})
_MADE = re.compile(r".*\.tfstate(\..*)?|.*\.tfplan|crash\.(.*\.)?log|\.terraform\.tfstate\.lock\.info")
_LOCK = ".terraform.lock.hcl"


class ChangedImages(msgspec.Struct, frozen=True, kw_only=True):
    """`targets` are image names, sorted; where `whole` says why, everything must be planned instead.

    `base` is the name of what was compared with.
    """

    targets: tuple[str, ...]
    whole: str
    base: str


class _Differing(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that are not as in the base, relative to the repository's root; `untracked` are those git does not know.

    `submodules` are folders of which nothing is known but that they differ.
    """

    paths: tuple[str, ...]
    untracked: frozenset[str]
    submodules: Collection[str]


def find_changed(workspace: Workspace, base: Base, arguments: Sequence[str] = ()) -> ChangedImages:
    """What the work tree changes against `base`, uncommitted and untracked files too. Raises TfgenError.

    `arguments` are those of a person for `terraform plan`.
    """
    try:
        return _Comparison(workspace, base, arguments).result()
    except NoAnswerError as error:
        reason = f": {error}" if str(error) else ""
        raise TfgenError(
            f"git cannot compare this branch with its base{reason}", fix="plan without --changed"
        ) from None


def find_generated(base: str, before: Mapping[str, str], now: Mapping[str, str]) -> ChangedImages:
    """What generated files change that stand in a copy of the base called `base`; all else there is as in it."""
    names: set[str] = set()
    for path in sorted({*before, *now}):
        found = _names(before.get(path, ""), now.get(path, ""))
        if found is None and path in now:
            return ChangedImages(targets=(), whole=f"{path} differs from {base}", base=base)
        names |= found or set()
    return ChangedImages(targets=tuple(sorted(names)), whole="", base=base)


def _names(before: str, now: str) -> set[str] | None:
    """The images that a generated file's two texts are about; None where one of them is a person's."""
    texts = [text for text in (before, now) if text]
    if any(examine(text).state == "foreign" for text in texts):
        return None
    if len(texts) == 2 and same(before, now):
        return set()
    return {one or other for text in texts for one, other in _NAMES.findall(text.replace("\r\n", "\n"))}


class _Comparison:
    def __init__(self, workspace: Workspace, base: Base, arguments: Sequence[str] = ()) -> None:
        self.workspace, self.base, self.arguments = workspace, base, arguments
        self.tree = BaseTree(top_of(workspace.root), base.commit)
        self.top = self.tree.top
        self.prefix = inside(self.top, workspace.root) or "."
        self.root = inside(self.top, workspace.terraform_dir) or ""
        self.templates = inside(self.top, workspace.root / workspace.settings.packer_dir) or ""

    def result(self) -> ChangedImages:
        if not self.root:
            return self._whole(f"{self.workspace.settings.terraform_dir} is outside the repository")
        modules, outside = self._modules()
        reads = PlanReads(self.top, self.root, self.workspace, self.arguments)
        if outside or reads.problem:
            return self._whole(outside or reads.problem)
        folders = [self.root, *dict.fromkeys([*modules, *reads.folders])]
        differing = self._differing([] if reads.is_elsewhere(folders) else folders)
        generated = [path for path in differing.paths if self._is_generated(path)]
        before = self._before(generated)
        names: set[str] = set()
        for path in generated:
            found = _names(before.get(path, ""), self._now(path))
            if found is None:
                return self._whole(self._differs(path))
            names |= found
        for path in differing.paths:
            if path in generated:
                continue
            if self._matters(path, folders, differing):
                return self._whole(self._differs(path))
            if reader := reads.reader_of(path, is_folder=path in differing.submodules):
                return self._whole(f"{self._differs(path)} (read by {os.path.relpath(reader, self.prefix)})")
            names |= reads.images_of(path, is_folder=path in differing.submodules)
        return ChangedImages(targets=tuple(sorted(names)), whole="", base=self.base.name)

    def _whole(self, reason: str) -> ChangedImages:
        return ChangedImages(targets=(), whole=reason, base=self.base.name)

    def _differs(self, path: str) -> str:
        return f"{os.path.relpath(path, self.prefix)} differs from {self.base.name}"

    def _modules(self) -> tuple[list[str], str]:
        """The folders of all local modules, and why they are not all there are."""
        outside: list[str] = []

        def follow(path: str) -> str | None:
            real = None if is_outside(path) else inside(self.top, self.top / path)
            if real is None:
                outside.append(f"the module in {path} is outside the repository")
            return real

        reached = reach(self.root, generated_calls(self.workspace.settings), self._hand_written, follow)
        reasons = [*outside, *(f"{finding.where} {finding.message}" for finding in reached.findings)]
        return [folder for folder in reached.modules if folder != self.root], next(iter(reasons), "")

    def _hand_written(self, folder: str) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        with contextlib.suppress(OSError):  # Terraform will say what is wrong with the folder
            for name in sorted(os.listdir(self.top / folder)):  # noqa: PTH208 names are wanted, not paths
                path = os.path.normpath(f"{folder}/{name}")
                if is_terraform(name) and not self._is_generated(path) and (self.top / path).is_file():
                    found[path] = read_bytes(self.top / path)
        return found

    def _differing(self, folders: list[str]) -> _Differing:
        """git's own comparison: line ends and what is ignored are its business."""
        changed = differences(self.top, self.base.commit, folders)
        others = records(run_git(self.top, "ls-files", "--others", "--exclude-standard", "-z", "--", *folders))
        untracked = frozenset(others)
        submodules = {path for path, other in changed.items() if self._is_submodule(path, other)}
        return _Differing(paths=tuple(sorted({*changed, *untracked})), untracked=untracked, submodules=submodules)

    def _is_submodule(self, path: str, before: Other | None) -> bool:
        return (before is not None and before.entry == "folder") or (self.top / path).is_dir()

    def _is_generated(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return (folder or ".") == self.root and is_generated(name)

    def _before(self, paths: list[str]) -> dict[str, str]:
        return {path: data.decode("utf-8", "replace") for path, data in self.tree.read(paths).items()}

    def _now(self, path: str) -> str:
        file = self.top / path
        try:
            return read_bytes(file).decode("utf-8", "replace") if file.is_file() else ""
        except OSError as error:
            raise TfgenError(f"cannot be read: {error.strerror}", where=path) from None

    def _matters(self, path: str, folders: list[str], differing: _Differing) -> bool:
        """Whether a hand-written file that differs is one of a module's folder, where Terraform may read it."""
        name = path.rpartition("/")[2]
        if path in differing.submodules and any(is_below(folder, path) for folder in folders):
            return True
        if not any(is_below(path, folder) for folder in folders):
            return False
        if _FOLDERS.intersection(path.split("/")) or (_MADE.fullmatch(name) and not is_terraform(name)):
            return False
        if name == _LOCK and path in differing.untracked and path not in self.tree.entries:
            return False  # init has just written it, for the versions that it would choose for the base as well
        if any(is_below(path, module) for module in folders[1:]):
            return True
        return not is_below(self.templates, self.root) or self._is_roots(path)

    def _is_roots(self, path: str) -> bool:
        """Whether Terraform reads it, where the root module's folder holds the templates too, and much else."""
        folder, _, name = path.rpartition("/")
        reads = is_terraform(name) or name.endswith((".tfvars", ".tfvars.json")) or name == _LOCK
        return reads and (folder or ".") == self.root
