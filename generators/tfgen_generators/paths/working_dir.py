"""The folder in which `packer build` runs: what a template's plain relative paths are seen from.

tfgen.toml says it (`working_dir`); else what starts Packer does: the buildspec, then makefiles, scripts and CI recipes.
Where nothing tells, every folder from the template's own up to the root is possible, and all count.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec

from tfgen_generators.packer.model import Template
from tfgen_generators.paths.buildspec import Buildspec, read_buildspec
from tfgen_generators.paths.ci_recipes import ci_recipes
from tfgen_generators.paths.commands.local_commands import LocalCommands
from tfgen_generators.paths.commands.makefiles import MAKEFILES
from tfgen_generators.paths.commands.model import LocalCommand
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import UNKNOWN

#: Stand for the folder and the name of the template that `$PACKER_SCRIPT` names.
_MARK = "\4"
_FOLDER, _NAME = f"{_MARK}folder", f"{_MARK}name"
SCRIPT = f"{_FOLDER}/{_NAME}"
_ENDINGS = ("", ".json", ".pkr.hcl", ".pkr.json")
SCRIPT_FOLDERS = (".", "bin", "ci", "scripts")
_ACTIONS = frozenset({"build", "validate"})
#: With it Packer opens no file but the template: any folder will do.
_SYNTAX_ONLY = frozenset({"-syntax-only", "--syntax-only"})
#: Options of `packer build` and `packer validate` that take their value as the next word.
_VALUED = frozenset({"-var", "-var-file", "-only", "-except", "-on-error", "-parallel-builds"})


class PackerCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One `packer build` or `packer validate`: where it stands, its folders, the template and the files of values."""

    path: str
    line: int
    folders: tuple[str, ...]
    template: str
    var_files: tuple[str, ...] = ()


class WorkingDir(msgspec.Struct, frozen=True, kw_only=True):
    """The folders that Packer may run in, as paths from the root. `is_known`: there is one, and no doubt.

    `sources` are where that is said; `argument` is the template as the command names it, "" where none does.
    """

    folders: tuple[str, ...]
    is_known: bool = False
    sources: tuple[Edge, ...] = ()
    argument: str = ""


class WorkingDirs:
    """The working directories of one tree's templates. What starts Packer is read once."""

    def __init__(self, path_resolver: PathResolver, settings: Settings | None) -> None:
        self._paths, self._settings = path_resolver, settings
        self._variable = (settings or Settings()).packer_script.variable
        self._buildspecs: dict[str, Buildspec] = {}
        self._of_buildspecs: dict[str, list[PackerCommand]] = {}
        self._by_themselves: dict[str, list[PackerCommand]] = {}
        self._of_files: dict[str, list[PackerCommand]] = {}
        self._of_templates: dict[str, WorkingDir] = {}

    def known(self, template: Template) -> str | None:
        """The working directory of a template's builds, None where it is not known for sure."""
        found = self.of(template)
        return found.folders[0] if found.is_known else None

    def of(self, template: Template) -> WorkingDir:
        """The working directory of one template's builds, by the buildspec of its pipeline."""
        if template.identity not in self._of_templates:
            self._of_templates[template.identity] = self._of(template)
        return self._of_templates[template.identity]

    def _of(self, template: Template) -> WorkingDir:
        named = buildspec_of(self._paths.tree, self._settings, template) if self._settings else None
        if named and named[0] not in self._buildspecs:
            self._buildspecs[named[0]] = read_buildspec(self._paths.tree, named[0])
        return self.find(template, self._buildspecs[named[0]] if named else None)

    def find(
        self, template: Template, buildspec: Buildspec | None, environment: Mapping[str, str] | None = None
    ) -> WorkingDir:
        """The working directory of one template's builds."""
        commands = list(self._commands(template, buildspec, environment or {}))
        named = self._set(template)
        argument = next((one.template for one in commands if one.template), "")
        if named is not None:
            return WorkingDir(folders=(named[0],), is_known=True, sources=(named[1],), argument=argument)
        found = commands or list(self._of_repository(template))
        folders = dict.fromkeys(folder for one in found for folder in one.folders)
        sources = tuple(dict.fromkeys(Edge(path=one.path, line=one.line, label="packer build") for one in found))
        if folders and not any(UNKNOWN in folder for folder in folders):
            known = tuple(folders)
            return WorkingDir(folders=known, is_known=len(known) == 1, sources=sources, argument=argument)
        sure = [folder for folder in folders if UNKNOWN not in folder]
        return WorkingDir(folders=tuple(dict.fromkeys((*sure, *around(template)))), sources=sources, argument=argument)

    def _set(self, template: Template) -> tuple[str, Edge] | None:
        """What tfgen.toml says."""
        if self._settings is None:
            return None
        own = self._settings.templates.get(template.name)
        path = ("templates", template.name, "working_dir") if own and own.working_dir else ("working_dir",)
        value = own.working_dir if own and own.working_dir else self._settings.working_dir
        if not value:
            return None
        label = ".".join(path)
        return posixpath.normpath(value), Edge(path=FILE_NAME, line=self._settings.line(*path), label=label)

    def _commands(
        self, template: Template, buildspec: Buildspec | None, environment: Mapping[str, str]
    ) -> Iterator[PackerCommand]:
        """How the buildspec starts Packer for a template."""
        if buildspec is None or buildspec.problem:
            return
        found = self.started_by(buildspec)
        if any(UNKNOWN in folder for one in found for folder in one.folders) and environment:
            variables = {**buildspec.variables, **environment, self._variable: SCRIPT}
            found = self._started_by(buildspec, variables)
        for one in found:
            folders = tuple(_filled(folder, template.path) for folder in one.folders)
            filled = one if folders == one.folders else msgspec.structs.replace(one, folders=folders)
            if _may_build(filled, template.path):
                yield filled

    def commands_for(self, template: Template, *, sure: bool) -> Iterator[PackerCommand]:
        """How makefiles, scripts, CI recipes and the buildspec start Packer for a template; `sure`: for no other."""
        at = buildspec_of(self._paths.tree, self._settings or Settings(), template)
        for one in (*(self._by_buildspec(at[0]) if at else ()), *self._of_repository(template)):
            text = one.template
            name = posixpath.basename(template.path)
            named = any(posixpath.basename(posixpath.normpath(text)) + ending == name for ending in _ENDINGS)
            if _may_build(one, template.path) and (named or not sure):
                yield one

    def _by_buildspec(self, path: str) -> list[PackerCommand]:
        """How a buildspec starts Packer with its own variables alone."""
        if path not in self._by_themselves:
            spec = read_buildspec(self._paths.tree, path)
            usable = spec is not None and not spec.problem
            self._by_themselves[path] = self._started_by(spec, spec.variables) if usable else []
        return self._by_themselves[path]

    def started_by(self, buildspec: Buildspec) -> list[PackerCommand]:
        """How a buildspec starts Packer; `SCRIPT` stands for what `$PACKER_SCRIPT` is."""
        if buildspec.path not in self._of_buildspecs:
            variables = {**buildspec.variables, self._variable: SCRIPT}
            self._of_buildspecs[buildspec.path] = self._started_by(buildspec, variables)
        return self._of_buildspecs[buildspec.path]

    def _started_by(self, buildspec: Buildspec, variables: Mapping[str, str]) -> list[PackerCommand]:
        local = LocalCommands(self._paths)
        texts = [buildspec.commands] if buildspec.is_one_shell else [(text,) for text in buildspec.commands]
        commands = [one for text in texts for one in local.of_texts(text, ["."], variables)]
        return list(_packer_commands(commands, buildspec.path))

    def _of_repository(self, template: Template) -> Iterator[PackerCommand]:
        """How makefiles, scripts and CI recipes start Packer for a template."""
        folders = dict.fromkeys((*around(template), *SCRIPT_FOLDERS))
        for folder in folders:
            if folder not in self._of_files:
                self._of_files[folder] = list(self._of_folder(folder))
        for one in (command for folder in folders for command in self._of_files[folder]):
            if _may_build(one, template.path):
                yield one

    def _of_folder(self, folder: str) -> Iterator[PackerCommand]:
        tree = self._paths.tree
        local = LocalCommands(self._paths)
        names = tree.names(folder)
        makefile = next((name for name in MAKEFILES if name in names), "")
        for name in (*((makefile,) if makefile else ()), *(name for name in names if name.endswith(".sh"))):
            path = name if folder == "." else f"{folder}/{name}"
            if tree.kind(path) != "file" or b"packer" not in tree.read(path):
                continue
            if name == makefile:
                yield from _packer_commands(local.of_texts([f"make -f {name} {UNKNOWN}"], [folder]), path)
            else:
                # Where a script is started is not known, unless it changes to a folder of its own.
                yield from _packer_commands(local.of_script(path, [UNKNOWN]), path)
        if folder == ".":
            for recipe in ci_recipes(tree):
                commands = local.of_texts([recipe.text], [recipe.folder], recipe.variables)
                for one in _packer_commands(commands, recipe.path):
                    yield msgspec.structs.replace(one, line=recipe.line) if one.path == recipe.path else one


def narrowed(found: WorkingDir, needed: Iterable[str], is_there: Callable[[str], bool]) -> WorkingDir:
    """Without the folders in which Packer does not start: `needed` are scripts and playbooks, which it looks for first.

    One that is nowhere tells nothing, and so do those of which no folder has all.
    """
    if found.is_known or any(UNKNOWN in folder for folder in found.folders):
        return found
    places = [
        {folder for folder in found.folders if is_there(posixpath.normpath(f"{folder}/{path}"))} for path in needed
    ]
    left = tuple(folder for folder in found.folders if all(folder in there for there in places if there))
    return msgspec.structs.replace(found, folders=left) if left else found


def around(template: Template) -> list[str]:
    """The root, and the folders down to the template."""
    parts = [] if (folder := folder_of(template)) == "." else folder.split("/")
    return [".", *("/".join(parts[:number]) for number in range(1, len(parts) + 1))]


def folder_of(template: Template) -> str:
    """The folder of a template, which `file()` and its like, `fileset` and `path.root` are seen from."""
    return template.path if template.kind == "directory" else posixpath.dirname(template.path) or "."


def _packer_commands(commands: Iterable[LocalCommand], path: str) -> Iterator[PackerCommand]:
    for one in commands:
        words = [word for word in one.words[1:] if word]
        is_checked = any(word in _ACTIONS for word in words[:1]) and not _SYNTAX_ONLY & {*words}
        if one.program == "packer" and is_checked:
            template = _argument(words[1:])
            yield PackerCommand(
                path=one.script or path,
                line=one.line,
                folders=one.folders,
                template=template,
                var_files=tuple(_var_files(words[1:])),
            )


def _var_files(words: Sequence[str]) -> Iterator[str]:
    for before, word in pairwise(("", *words)):
        if before in ("-var-file", "--var-file"):
            yield word
        elif word.startswith(("-var-file=", "--var-file=")):
            yield word.partition("=")[2]


def _argument(words: Sequence[str]) -> str:
    """The template behind the options."""
    skip = False
    operand = ""
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word.lstrip("-") in {name.lstrip("-") for name in _VALUED}
        elif not word.startswith((">", "2>", "|")):
            operand = word
    return operand


_normal = lru_cache(maxsize=2000)(posixpath.normpath)


def _filled(text: str, path: str) -> str:
    if _MARK not in text:
        return text if UNKNOWN in text else _normal(text)
    folder = posixpath.dirname(path) or "."
    text = text.replace(SCRIPT, path).replace(_FOLDER, folder).replace(_NAME, posixpath.basename(path))
    return text if UNKNOWN in text else posixpath.normpath(text)


def _may_build(command: PackerCommand, path: str) -> bool:
    """Whether what the command is given may be the template at `path`."""
    text = command.template
    if not text or _NAME in text or _FOLDER in text or any(sign in text for sign in f"{UNKNOWN}*?[{{"):
        return True
    return any(
        UNKNOWN in folder
        or posixpath.normpath(joined(folder, text + ending)) == path
        or posixpath.dirname(path) == posixpath.normpath(joined(folder, text))
        for folder in command.folders
        for ending in _ENDINGS
    )
