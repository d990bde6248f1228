"""Walks a Packer folder and says what is a template there, what is not, and why."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.packer.discovery.folders import format_of, group_folder, why_other
from tfgen_generators.packer.discovery.gitignore import GitIgnore
from tfgen_generators.packer.discovery.ignore_patterns import IgnorePatterns
from tfgen_generators.packer.discovery.naming import name_templates
from tfgen_generators.packer.discovery.outcome import Outcome
from tfgen_generators.packer.discovery.values_files import names_set
from tfgen_generators.packer.model import Discovery, Format, Problem, Skipped, Template
from tfgen_generators.packer.names import HCL_ENDING, JSON_ENDING
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.files import read_bytes
from tfgen_generators.trees.outside import FIX, MESSAGE, is_inside, leads_out

#: Trees that hold other people's files or tools' state.
SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", ".tfgen", ".venv", "node_modules", "packer_cache"}
)
#: Files of values that Packer reads by itself, for a folder.
_AUTO = (".auto.pkrvars.hcl", ".auto.pkrvars.json")
_HIDDEN, _READ_HIDDEN = ".", (*_AUTO, HCL_ENDING, JSON_ENDING)
#: Editors' locks and macOS's shadows.
_SHADOWS = ("._", ".#")
_SETTINGS_IGNORE = "ignored by tfgen.toml (ignore)"


class _Search(msgspec.Struct):
    """One walk: where it looks, what it asks, and what it has found so far."""

    root: Path
    packer_dir: str
    cache: FactsCache
    git: GitIgnore
    templates: list[Template] = msgspec.field(default_factory=list)
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    unreadable: list[Problem] = msgspec.field(default_factory=list)
    folders: list[str] = msgspec.field(default_factory=list)
    followed: set[str] = msgspec.field(default_factory=set)
    values: list[str] = msgspec.field(default_factory=list)
    has_links: bool = False

    def other_files(self) -> dict[str, bool]:
        return {path: bool(digest) for path, digest in self.git.consulted.items()} | dict.fromkeys(self.values, True)

    def skip(self, path: str, reason: str, *, alike: bool = False) -> None:
        self.skipped.append(Skipped(path=path, reason=reason, alike=alike))


def discover(
    root: Path,
    packer_dir: str,
    *,
    pins: Mapping[str, str] = MappingProxyType({}),
    ignore: Sequence[str] = (),
    cache: FactsCache | None = None,
    is_tracked: Callable[[str], bool] = lambda _path: False,
    settings: Settings | None = None,
) -> Discovery:
    """Every template below `root/packer_dir`; one broken file never hides the others.

    `pins` (path -> name) are identities given in tfgen.toml, `ignore` its patterns in git's syntax; `is_tracked` says
    whether git knows a path that a .gitignore would leave out; `settings` have the variants. Writes `cache` alone.
    A folder that is not there is the caller's error. Templates have `details` where `cache` was told to read them.
    """
    found = find_unnamed(root, packer_dir, ignore=ignore, cache=cache, is_tracked=is_tracked)
    return name_templates(found, packer_dir, pins, settings)


def find_unnamed(
    root: Path,
    packer_dir: str,
    *,
    ignore: Sequence[str] = (),
    cache: FactsCache | None = None,
    is_tracked: Callable[[str], bool] = lambda _path: False,
) -> Discovery:
    """As `discover`, but no template has a name yet."""
    search = _Search(root=root, packer_dir=packer_dir, cache=cache or FactsCache(), git=GitIgnore(root, is_tracked))
    found = list(_walk(search))
    search.cache.read_ahead(root, _candidates(found))
    for folder, names in found:
        _look_into(search, folder, names)
    search.unreadable += [Problem(path=path, message=why) for path, why in search.git.unreadable.items()]
    left_out = _left_out(search, ignore)
    templates = [template for template in search.templates if template.path not in left_out]
    for path in left_out:
        search.skip(path, _SETTINGS_IGNORE)
    return Discovery(
        templates=tuple(sorted(templates, key=lambda template: template.path)),
        skipped=tuple(sorted(search.skipped, key=lambda skipped: skipped.path)),
        unreadable=tuple(search.unreadable),
        folders=tuple(search.folders),
        asked_git=search.git.has_asked,
        ignored=left_out,
        other_files=None if search.has_links else search.other_files(),
    )


def _candidates(found: list[tuple[str, list[str]]]) -> Iterator[tuple[str, Format]]:
    """The files that may be templates, with the formats that their names stand for."""
    for folder, names in found:
        for name in names:
            if name.endswith((HCL_ENDING, ".json")) and not name.endswith(".pkrvars.json"):
                yield _join(folder, name), _format(name)


def _look_into(search: _Search, folder: str, names: list[str]) -> None:
    hcl_files: dict[str, Outcome] = {}
    for name in names:
        path = _join(folder, name)
        if name.endswith((HCL_ENDING, JSON_ENDING)):
            if (outcome := _read(search, path)) is not None:
                hcl_files[path] = outcome
        elif name.endswith(".pkrvars.json"):
            search.skip(path, "variable values, not a template", alike=True)
        elif name.endswith(".json"):
            _legacy(search, path)
        elif reason := why_other(name):
            search.skip(path, reason, alike=".pkr" in name)
    if any(outcome.facts and outcome.facts.computed_sources for outcome in hcl_files.values()):
        # Which builders those can be stands in the details of all files.
        hcl_files = {path: found for path in hcl_files if (found := _read(search, path, details=True))}
    preset = _preset(search, folder, names) if hcl_files else frozenset()
    grouped = group_folder(folder, hcl_files, preset)
    search.templates += grouped.templates
    search.skipped += grouped.skipped


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _walk(search: _Search) -> Iterator[tuple[str, list[str]]]:
    pending = [str(PurePosixPath(search.packer_dir))]
    while pending:
        current = pending.pop()
        files: list[str] = []
        below: list[str] = []
        try:
            with os.scandir(f"{search.root}/{current}") as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            search.unreadable.append(_unreadable(current, error))
            continue
        for entry in entries:
            if entry.name in SKIPPED_FOLDERS or entry.name.startswith(_SHADOWS):
                continue
            path = _join(current, entry.name)
            try:
                _sort(search, entry, path, files, below)
            except OSError as error:
                search.unreadable.append(_unreadable(path, error))
        pending.extend(reversed(below))
        search.folders.append(current)
        yield current, files


def _sort(search: _Search, entry: os.DirEntry[str], path: str, files: list[str], below: list[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        _sort_folder(search, entry.name, path, below)
        return
    search.has_links = search.has_links or entry.is_symlink()
    if entry.is_file():
        _sort_file(search, entry, path, files)
    elif entry.is_dir():
        if search.git.ignores(path):
            search.skip(path, "ignored by git")
        elif _is_new_ground(search, path):
            below.append(path)
        else:
            search.skip(path, "symlink to a folder that is scanned elsewhere or is outside the repository")
    elif entry.name.endswith((".json", HCL_ENDING)) and not entry.name.startswith("."):
        search.unreadable.append(Problem(path=path, message="broken symlink or special file"))


def _sort_file(search: _Search, entry: os.DirEntry[str], path: str, files: list[str]) -> None:
    # Editors' copies; but Packer reads hidden files of a folder too.
    if not _is_candidate(entry.name):
        return
    if entry.name.startswith(_HIDDEN) and not entry.name.endswith(_READ_HIDDEN):
        search.skip(path, "hidden file")
    elif search.git.ignores(path):
        search.skip(path, "ignored by git", alike=entry.name.endswith((HCL_ENDING, JSON_ENDING)))
    elif entry.is_symlink() and leads_out(search.root, path):
        search.unreadable.append(Problem(path=path, message=MESSAGE, fix=FIX))
    else:
        files.append(entry.name)


def _sort_folder(search: _Search, name: str, path: str, below: list[str]) -> None:
    if search.git.ignores(path, folder=True):
        search.skip(path, "folder ignored by git")
        return
    if "{{" in name:
        search.skip(path, "folder with a template expression in its name")
        return
    if name.endswith((".json", HCL_ENDING)):
        search.skip(path, "folder named like a file")
    below.append(path)


def _is_candidate(name: str) -> bool:
    return name.endswith((".hcl", ".json", ".example")) and name != ".terraform.lock.hcl"


def _is_new_ground(search: _Search, path: str) -> bool:
    """Whether a symlinked folder leads to files of the repository that the walk meets nowhere else."""
    root = os.path.realpath(search.root)
    target = os.path.realpath(search.root / path)
    walked = os.path.realpath(search.root / search.packer_dir)
    inside = _is_below(target, root) and target != root and is_inside(search.root, target)
    seen = _is_below(target, walked) or _is_below(walked, target)
    if not inside or seen or any(_is_below(target, done) or _is_below(done, target) for done in search.followed):
        return False
    search.followed.add(target)
    return True


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _read(search: _Search, path: str, *, details: bool = False) -> Outcome | None:
    try:
        return search.cache.read(search.root, path, _format(path), details=details)
    except OSError as error:
        search.unreadable.append(_unreadable(path, error))
        return None


def _format(path: str) -> Format:
    return "json" if path.endswith(".json") and not path.endswith(JSON_ENDING) else format_of(path)


def _unreadable(path: str, error: OSError) -> Problem:
    if error.errno == errno.EFBIG:
        return Problem(path=path, message=error.strerror or "")
    return Problem(path=path, message=f"cannot be read: {error.strerror}", fix="make it readable")


def _preset(search: _Search, folder: str, names: list[str]) -> frozenset[str]:
    """The variables that the folder's `*.auto.pkrvars.*` files set."""
    found: set[str] = set()
    for name in names:
        if name.endswith(_AUTO):
            path = _join(folder, name)
            search.values.append(path)
            try:
                data = read_bytes(search.root / path)
            except OSError as error:
                search.unreadable.append(_unreadable(path, error))
            else:
                found |= {f"var.{key}" for key in names_set(name, data)}
    return frozenset(found)


def _legacy(search: _Search, path: str) -> None:
    outcome = _read(search, path)
    if outcome is None:
        return
    if outcome.status == "other":
        search.skip(path, outcome.message, alike=outcome.alike)
        return
    template = Template(
        name="",
        path=path,
        format="json",
        kind="file",
        builders=outcome.builders,
        members=(path,),
        digest=outcome.digest,
        details=(outcome.details,) if outcome.details else (),
    )
    if outcome.status == "broken":
        problem = Problem(path=path, line=outcome.line, message=outcome.message, fix=outcome.fix)
        template = replace(template, errors=(problem,))
    search.templates.append(template)


def _left_out(search: _Search, ignore: Sequence[str]) -> frozenset[str]:
    """Paths of the templates that tfgen.toml's `ignore` names."""
    patterns = IgnorePatterns(ignore)
    return frozenset(
        template.path
        for template in search.templates
        if patterns.leaves_out(template.path, folder=template.kind == "directory")
    )
