"""The generated files as they stand on the disk, and what the templates that they name have become."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import msgspec

from tfgen_generators.errors import TfgenError
from tfgen_generators.generated.ownership import Ownership, examine, file_name, is_generated
from tfgen_generators.packer.model import Discovery, Problem
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING
from tfgen_generators.settings.variants import TABLE_MARK, TABLES, VAR_FILE
from tfgen_generators.trees.files import NotAFileError, read_bytes
from tfgen_generators.trees.outside import leads_out


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """Path -> text of everything at a generated path; `unreadable` are those that could not be read."""

    texts: Mapping[str, str]
    unreadable: tuple[Problem, ...] = ()


def read_generated(root: Path, folder: str) -> Generated:
    """Reads each file once. One that cannot be read is a problem, no end. Raises TfgenError for the folder itself."""
    try:
        with os.scandir(root / folder) as entries:
            found = {entry.name: entry.is_symlink() for entry in entries if is_generated(entry.name)}
    except FileNotFoundError:
        return Generated(texts={})
    except OSError as error:
        raise TfgenError(f"cannot be read: {error.strerror}", where=folder) from None
    texts: dict[str, str] = {}
    unreadable: list[Problem] = []
    place = root / folder
    for name, is_link in sorted(found.items()):
        path = join(folder, name)
        try:
            texts[path] = "" if is_link and leads_out(root, path) else _read(f"{place}/{name}")
        except (IsADirectoryError, FileNotFoundError):
            texts[path] = ""  # a folder or a broken link, as one that leads out: nothing of ours
        except OSError as error:
            fix = "make it readable"
            unreadable.append(Problem(path=path, message=f"cannot be read: {error.strerror}", fix=fix))
    return Generated(texts=texts, unreadable=tuple(unreadable))


def is_forgotten(folder: Path, name: str) -> bool:
    """Whether the generated file of `name` makes Terraform forget a pipeline."""
    try:
        return examine(_read(f"{folder}/{file_name(name)}")).forgets
    except OSError:
        return False


class Unwanted(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The generated files that are not as a template wants them. Nothing is examined when there are none."""

    root: Path
    discovery: Discovery
    #: Path -> text of what the templates want.
    wanted: Mapping[str, str]
    generated: Generated
    #: Names that are given up on purpose: a `moved` block names them.
    moved: frozenset[str] = msgspec.field(default_factory=frozenset)

    @cached_property
    def owners(self) -> Mapping[str, Ownership]:
        """Path -> what the file says of itself."""
        texts = self.generated.texts
        return {path: examine(text) for path, text in texts.items() if self.wanted.get(path) != text}

    @cached_property
    def templates(self) -> Mapping[str, str]:
        """Identity of each template -> its name; the path of one with variants -> that of one of them."""
        found = {template.path: template.name for template in reversed(self.discovery.templates)}
        return found | {template.identity: template.name for template in self.discovery.templates}

    @property
    def ignored(self) -> frozenset[str]:
        """Paths of templates that tfgen.toml leaves out."""
        return self.discovery.ignored

    def displaced(self) -> list[Problem]:
        """Files whose template is still on the disk but none any more: more likely a slip than a wish.

        A typo can make a template part of its folder, or of nothing; a wrong packer_dir loses all of them.
        """
        reasons = {skipped.path: skipped.reason for skipped in self.discovery.skipped} if self.owners else {}
        unread = {problem.path for problem in self.discovery.unreadable}  # complained of already
        problems: list[Problem] = []
        for path, owner in self.owners.items():
            source = owner.source
            known = source in self.templates or source in self.ignored
            if not source or owner.forgets or known or source in unread or not exists(self.root, source):
                continue
            reason = reasons.get(source, "")
            if not reason and _parent(source) in self.templates:
                reason = f"it is now part of the template {self.templates[_parent(source)]}"
            held = VAR_FILE in self.generated.texts[path]
            what = "a file of values of a template" if held else "a template"
            problems.append(
                Problem(
                    path=source,
                    message=f"still exists but is no longer {what}{f' ({reason})' if reason and not held else ''}",
                    fix=f"fix that, or delete {path}",
                )
            )
        return problems

    def orphans(self, unknown: Unknown) -> dict[str, Ownership]:
        """Files of ours whose template is really gone, and whose name nothing has taken over."""
        return {
            path: owner
            for path, owner in self.owners.items()
            if owner.state == "ours"
            and path not in self.wanted
            and not owner.forgets
            and owner.name not in self.moved
            and PurePosixPath(path).name == file_name(owner.name)
            and owner.source not in self.templates
            and not unknown.covers(path, owner.source)
        }

    def renamed_by_hand(self, unknown: Unknown) -> Iterable[tuple[str, str, str, str]]:
        """(file, template, old name, new name) where a template has another identity and no `moved` block says so."""
        for path, owner in self.owners.items():
            name = self.templates.get(owner.source, "") or self._new_variant(owner)
            covered = path in self.wanted or unknown.covers(path, owner.source) or owner.name in self.moved
            if owner.state == "ours" and name not in ("", owner.name) and not owner.forgets and not covered:
                yield path, owner.source, owner.name, name

    def _new_variant(self, owner: Ownership) -> str:
        """A variant without a pipeline in the same template, where that of `owner` stands in tfgen.toml no more."""
        table, mark, _ = owner.source.partition(TABLE_MARK)
        if not mark or not owner.source.startswith(TABLES) or owner.name in self.moved:
            return ""
        there = {PurePosixPath(path).name for path in self.generated.texts}
        same = (one for one in self.discovery.templates if one.source.startswith(f"{table}{mark}"))
        return next((one.name for one in same if file_name(one.name) not in there), "")


def exists(root: Path, source: str) -> bool:
    """Whether a template may be at `source`: a file, or a folder with HCL2 files."""
    path = root / source
    try:
        if path.is_dir():
            return any(entry.name.endswith((HCL_ENDING, JSON_ENDING)) for entry in os.scandir(path))
        return path.is_file()
    except (OSError, ValueError):
        return True


def successors(pipelines: Iterable[tuple[str, str]], displaced: Iterable[Problem]) -> frozenset[str]:
    """Names of those of `pipelines` (name, template) that would take the place of a displaced template's.

    They are not made before somebody has decided.
    """
    sources = {problem.path for problem in displaced}
    parents = {_parent(source) for source in sources}
    return frozenset(name for name, path in pipelines if path in parents or _parent(path) in sources)


def join(folder: str, name: str) -> str:
    """`name` in `folder`, relative to the repository root."""
    clean = _clean(folder)
    return name if clean == "." else f"{clean}/{name}"


@cache
def _clean(folder: str) -> str:
    return str(PurePosixPath(folder))


def _read(file: str) -> str:
    try:
        return read_bytes(file).decode("utf-8", "replace")
    except NotAFileError:  # nothing of ours
        return ""


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Templates that exist but could not be read: their generated files stay as they are."""

    files: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def covers(self, file: str, source: str) -> bool:
        """Whether `file`, generated from `source`, may belong to one of them."""
        if file in self.files or source in self.sources:
            return True
        return any(_inside(source, unread) or _inside(unread, source) for unread in self.sources)


def _inside(path: str, folder: str) -> bool:
    return path.startswith(f"{folder.rstrip('/')}/")
