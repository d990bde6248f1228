"""Files of values that makefiles, scripts, CI recipes and the buildspec give to a template: images that it could be."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from tfgen_generators.packer.model import Template
from tfgen_generators.paths.commands.makefiles import MAKEFILES
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.working_dir import SCRIPT_FOLDERS, PackerCommand, WorkingDirs, around
from tfgen_generators.settings.model import Settings
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.trees.linked import LinkedTree

#: What is not known of a name, with what stands for it in a pattern.
_HOLES = re.compile(rf"(?:{UNKNOWN}|\*)+")
#: The option, in a line that does not take its file from the pipeline's variable, as the shipped buildspec does.
_OPTION = re.compile(rb"^(?!.*PACKER_VAR_FILE).*-var-file", re.MULTILINE)
_RAW = re.compile(r"-var-file[= ][\"']?([^\s\"'\\;|&]+)")
_VARIABLE = re.compile(r"\$\([^()]*\)|\$\{[^{}]*\}|\$\$?\w+")
_SCRIPTS = (".sh", ".bash", ".yml", ".yaml")
_RECIPES = (".github/workflows", ".circleci")
_LETTER = re.compile(r"[A-Za-z0-9]")


class ShownVarFiles(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is built with `files`, as `path:line` shows; `var_files` are the paths and patterns to write."""

    name: str
    template: str
    var_files: tuple[str, ...]
    files: tuple[str, ...]
    path: str
    line: int


def shown_var_files(
    tree: LinkedTree, templates: Sequence[Template], settings: Settings | None
) -> Iterator[ShownVarFiles]:
    """For each template that is one image and is built with several files, or with those of a pattern."""
    if not _mentions(tree, templates):
        return
    working_dirs = WorkingDirs(PathResolver(tree), settings)
    known = {member for template in templates for member in (template.path, *template.members)}
    for template in templates:
        if template.source or template.errors:
            continue
        commands = list(working_dirs.commands_for(template, sure=len(templates) > 1))
        found = _found(tree, commands, known)
        first = next(iter(found.values()), None)
        if first is None:
            continue
        patterns = {pattern: one.files for pattern, one in found.items()}
        if len(found) == 1 and len(first.files) == 1:
            patterns = dict(_by_default(tree, first)) or patterns
        files = tuple(dict.fromkeys(file for some in patterns.values() for file in some))
        if len(files) > 1 or any("*" in pattern for pattern in patterns):
            yield ShownVarFiles(
                name=template.name,
                template=template.path,
                var_files=tuple(patterns),
                files=files,
                path=first.command.path,
                line=_line(tree, first.command),
            )


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    command: PackerCommand
    files: tuple[str, ...]


def _found(tree: LinkedTree, commands: Sequence[PackerCommand], known: Collection[str]) -> dict[str, _Found]:
    """What the commands name, by path or pattern."""
    found: dict[str, _Found] = {}
    for command in commands:
        for word in command.var_files:
            for pattern, files in _meant(tree, command, word):
                if kept := tuple(file for file in files if file not in known):
                    found.setdefault(pattern, _Found(command=command, files=kept))
    return found


def _mentions(tree: LinkedTree, templates: Sequence[Template]) -> bool:
    """Whether a file that may start Packer has the option: what has not is not read as a shell would."""
    folders = dict.fromkeys(folder for one in templates for folder in (*around(one), *SCRIPT_FOLDERS, *_RECIPES))
    paths = [name if folder == "." else f"{folder}/{name}" for folder in folders for name in tree.names(folder)]
    return any(
        _OPTION.search(tree.read(path))
        for path in paths
        if (path.endswith(_SCRIPTS) or posixpath.basename(path) in MAKEFILES) and tree.kind(path) == "file"
    )


def _by_default(tree: LinkedTree, one: _Found) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pattern, where the one file is what a variable is by default and other values of it name other files."""
    path = one.command.path
    text = tree.read(path).decode("utf-8", "replace") if tree.kind(path) == "file" else ""
    for raw in _RAW.findall(text):
        hole = _VARIABLE.sub(UNKNOWN, raw)
        for pattern, files in _meant(tree, one.command, hole) if hole != raw else ():
            if len(files) > 1 and one.files[0] in files:
                yield pattern, files
                return


def _line(tree: LinkedTree, command: PackerCommand) -> int:
    """The line of the option, from that of the command on."""
    lines = tree.read(command.path).splitlines() if tree.kind(command.path) == "file" else []
    found = (number for number, line in enumerate(lines, 1) if number >= command.line and b"-var-file" in line)
    return next(found, command.line)


def _meant(tree: LinkedTree, command: PackerCommand, word: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The path or pattern from the root that a word means, and its files that are there."""
    text = _HOLES.sub("*", word)
    if text.startswith(("/", "~")) or not _LETTER.search(posixpath.dirname(text) + posixpath.basename(text).strip("*")):
        return
    folders = [folder for folder in command.folders if UNKNOWN not in folder] or ["."]
    for folder in folders:
        path = posixpath.normpath(joined(folder, text))
        if path.startswith(".."):
            continue
        files = tuple(_files(tree, path))
        if files:
            yield path, files
            return


def _files(tree: LinkedTree, path: str) -> Iterator[str]:
    if "*" not in path:
        if tree.kind(path) == "file":
            yield path
        return
    folder, name = posixpath.split(path)
    if "*" in folder:
        return
    matches = re.compile(".+".join(map(re.escape, name.split("*")))).fullmatch
    for one in tree.names(folder or "."):
        at = f"{folder}/{one}" if folder else one
        if matches(one) and not one.startswith(".") and tree.kind(at) == "file":
            yield at
