"""What a branch changes and an untrusted plan does not show: the base's is planned in its place."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from tfgen.terraform.inputs import LOCK_FILE
from tfgen.terraform.reports.plan import NotPlanned
from tfgen.untrusted.base_tree import LINK, SUBMODULE, files_below, is_below, is_outside, links_to
from tfgen.untrusted.branch import TRACES, Branch
from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.paths.pipeline_files import BUILDSPECS
from tfgen_generators.settings.inputs import Literal
from tfgen_generators.settings.model import FILE_NAME, Settings

if TYPE_CHECKING:
    from tfgen_generators.sync.effective import Said

_VALUES = (".tfvars", ".tfvars.json")
_SPEC = "buildspec"


def not_planned(
    branch: Branch,
    base: Settings,
    said: Iterable[Said],
    folders: Collection[str],
    named: Collection[str],
    made: Callable[[str], bool],
    follow: Callable[[str], str | None],
) -> tuple[NotPlanned, ...]:
    """All of it, by path. `said` is what tfgen.toml says otherwise than `base`, the base's settings.

    `folders` are those that the base's Terraform reads, its root module's first; `named` other paths that it names;
    `made` says of a path that its content is in the plan all the same: generated here, or made on this machine;
    `follow` where a link of the base leads.
    """
    found = {(FILE_NAME, one.line, f"{one.message}; planned as in {branch.base_name}") for one in said}
    reasons: dict[str, str] = {}
    for path, reason in _Comparison(branch, base, made, follow).differences(folders, named):
        reasons.setdefault(branch.shown(path), reason)
    found |= {(path, 0, reason) for path, reason in reasons.items()}
    return tuple(NotPlanned(path=path, line=line, reason=reason) for path, line, reason in sorted(found))


class _Comparison:
    def __init__(
        self, branch: Branch, base: Settings, made: Callable[[str], bool], follow: Callable[[str], str | None]
    ) -> None:
        self.branch, self.tree, self.made, self.follow = branch, branch.tree, made, follow
        self.followed: set[str] = set()
        now = branch.workspace.settings
        self.settings = (base, now)
        #: Templates may lie in the root module's folder; they are values.
        self.templates = branch.path(base.packer_dir) if base.packer_dir == now.packer_dir else None

    def differences(self, folders: Collection[str], named: Collection[str]) -> Iterator[tuple[str, str]]:
        for folder in folders:
            yield from self._links(folder)
            yield from self._folder(folder)
        for path in named:
            yield from self._named(path, folders)
        yield from self._terraform()
        for path in self._buildspecs():
            yield from self._file(path, "the buildspec of the pipelines")

    def _file(self, path: str, what: str = "") -> Iterator[tuple[str, str]]:
        """Nothing where `path` is as in the base, or planned as it is."""
        base, lead = self.branch.base_name, f"{what} " if what else ""
        known, there = path in self.tree.entries, os.path.lexists(self.tree.top / path)
        if self.tree.has(path) or self.made(path) or not (known or there):
            return
        if not there:
            yield path, f"{lead}was deleted; {base} has it"
        elif self.tree.index.get(path, ("",))[0] == SUBMODULE:
            if self.tree.index[path] != self.tree.entries.get(path):
                yield path, f"{lead}is a submodule, and {base} has another or none"
        elif not known:
            yield path, f"{lead}is new: {base} does not have it"
        else:
            yield path, f"{lead}differs from {base}"

    def _links(self, folder: str) -> Iterator[tuple[str, str]]:
        for link in links_to(self.tree.top, folder):
            yield from self._file(link)

    def _folder(self, folder: str) -> Iterator[tuple[str, str]]:
        paths = {path for path in (*self.tree.entries, *self.tree.index) if is_below(path, folder)}
        if self.branch.is_plain(folder):
            paths |= set(files_below(self.tree.top, folder, {".git", *TRACES}))
        submodules = [path for path in paths if self.tree.index.get(path, ("",))[0] == SUBMODULE]
        for path in paths:
            within = any(path != submodule and is_below(path, submodule) for submodule in submodules)
            if not within and self._counts(path, folder):
                yield from self._file(path)
                yield from self._behind(path)

    def _behind(self, link: str) -> Iterator[tuple[str, str]]:
        """What a link of the base leads to is read too."""
        target = self.follow(link) if self.tree.entries.get(link, ("",))[0] == LINK else None
        if target is not None and target not in self.followed:
            self.followed.add(target)
            yield from self._file(target) if target in self.tree.entries else self._folder(target)

    def _counts(self, path: str, folder: str) -> bool:
        """Not tfgen.toml, templates, and files that sync writes (or takes away) in the root module's folder."""
        templates = self.templates
        if path == self.branch.path(FILE_NAME) or TRACES.intersection(path.split("/")):
            return False
        if templates not in (None, folder) and is_below(templates, folder) and is_below(path, templates):
            return is_terraform(path.rpartition("/")[2])
        gone = is_generated(path.rpartition("/")[2]) and not os.path.lexists(self.tree.top / path)
        return not gone

    def _named(self, path: str, folders: Collection[str]) -> Iterator[tuple[str, str]]:
        if path in self.tree.entries or path in self.tree.index:
            yield from self._file(path)
        elif not any(is_below(folder, path) for folder in folders) and not self._is_around_templates(path):
            yield from self._folder(path)

    def _is_around_templates(self, path: str) -> bool:
        return self.templates is not None and is_below(self.templates, path)

    def _terraform(self) -> Iterator[tuple[str, str]]:
        """Terraform's files anywhere in the workspace: they may be part of what is added."""
        for path in {*self.tree.entries, *self.tree.index}:
            name = path.rpartition("/")[2]
            wanted = is_terraform(name) or name.endswith(_VALUES) or name == LOCK_FILE
            if wanted and is_below(path, self.branch.prefix) and self._counts(path, ""):
                yield from self._file(path)

    def _buildspecs(self) -> set[str]:
        tables = [table for one in self.settings for table in (one.inputs, one.module.inputs or {})]
        tables += [own.inputs for one in self.settings for own in one.templates.values()]
        values = (table.get(_SPEC) for table in tables)
        texts = {str(value.value) for value in values if isinstance(value, Literal) and isinstance(value.value, str)}
        return {path for text in {*BUILDSPECS, *texts} if not is_outside(path := self.branch.path(text))}
