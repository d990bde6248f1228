"""What is missing in the repository and may be there when a build runs: made by it, ignored by git, in a submodule."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from tfgen_generators.lint.rules.ansible.written_files import written_by
from tfgen_generators.lint.rules.scripts.find import local_texts
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import node_of
from tfgen_generators.lint.templates.source import Source, source_at
from tfgen_generators.lint.templates.values import with_actions
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import expressions
from tfgen_generators.paths.buildspec import read_buildspec
from tfgen_generators.paths.commands.makefiles import needed, read_makefile
from tfgen_generators.paths.model import MissingReference
from tfgen_generators.paths.pipeline_files import buildspec_of
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.trees.linked import files_below

_BESIDE = (
    "",
    "files",
    "templates",
    "tasks",
    "vars",
    "../files",
    "../templates",
    "../tasks",
    "../vars",
    "../roles",
    "roles",
)
_SUBMODULE = re.compile(rb"^\s*path\s*=\s*(.*?)\s*$", re.MULTILINE)
#: What writes a file that its line names, and what fills a folder that its line names.
_WRITES = re.compile(r">|\b(tee|cp|mv|curl|wget|touch|make|install|ln|sed|envsubst|j2|jinja2|gpg|openssl|ssh-keygen)\b"
                     r"|\baws\b|\bgsutil\b|-o[ut]*\b|\b(python3?|node|npm|yarn|mvn|gradle|go|ruby)\b")  # fmt: skip
_FILLS = re.compile(r"\b(git|tar|unzip|rsync|cp|mv|aws|gsutil|mkdir|ln|npm|make|curl|wget|7z|bsdtar)\b")
_SHORTEST = 3
_SHELL = (".sh", ".bash")
_SCRIPT = re.compile(r"(^|/)(GNUm|M|m)akefile$|\.(sh|bash|mk)$")
_MOST_SCRIPTS = 2000


def may_be_there(scope: Scope, missing: MissingReference) -> bool:
    """Whether a file that is missing here may be there in a build."""
    candidates = candidates_of(scope, missing)
    if _is_empty_path(scope, missing) or any(_is_below(path, submodules(scope)) for path in candidates):
        return True
    if missing.kind == "missing-role" and _may_be_a_submodule(scope, missing.name):
        return True
    # A pattern that ends with / ignores folders: what is missing may be one.
    is_ignored = any(scope.is_ignored(path) or scope.is_ignored(f"{path}/-") for path in candidates)
    return is_ignored or _is_made(scope, missing, candidates)


def candidates_of(scope: Scope, missing: MissingReference) -> list[str]:
    """Where it may be meant to stand."""
    name, here = missing.name, posixpath.dirname(missing.path)
    if not name or name.startswith(("/", "~")) or len(name) > 1000 or "\0" in name:
        return []
    folders = {"", here} if _template_of(scope, missing) else {"", *(posixpath.join(here, one) for one in _BESIDE)}
    found = {posixpath.normpath(posixpath.join(folder, name)) for folder in folders}
    return sorted(path for path in found if path != "." and not path.startswith(".."))


def _template_of(scope: Scope, missing: MissingReference) -> Template | None:
    """The template that names it by itself."""
    source = source_at(scope, missing.path)
    return source.template if source is not None else None


def submodules(scope: Scope) -> frozenset[str]:
    """The submodules that are not checked out: what is in them is not known."""

    def find() -> frozenset[str]:
        if scope.tree.kind(".gitmodules") != "file":
            return frozenset()
        written = (
            match.decode("utf-8", "replace").strip('"') for match in _SUBMODULE.findall(scope.read(".gitmodules"))
        )
        return frozenset(path for path in map(posixpath.normpath, written) if not scope.tree.names(path))

    return scope.once("submodules", find)


def _is_below(path: str, folders: frozenset[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _may_be_a_submodule(scope: Scope, name: str) -> bool:
    last = name.rpartition("/")[2].rpartition(".")[2]
    return any(path.rpartition("/")[2] in (last, "roles", "ansible", "collections") for path in submodules(scope))


def _is_empty_path(scope: Scope, missing: MissingReference) -> bool:
    """Whether the path has a variable whose default is empty: whoever builds sets it."""
    template = _template_of(scope, missing)
    source = source_at(scope, template.path) if template is not None else None
    node = node_of(source, missing.name) if source is not None else None
    if source is None or node is None:
        return False
    value = node.value()
    names = [
        one.args for one in expressions(with_actions(value) if isinstance(value, str) else value) if one.op == "ref"
    ]
    return any(len(args) > 1 and args[0] == "var" and _is_empty(source, str(args[1])) for args in names)


def _is_empty(source: Source, name: str) -> bool:
    return name in source.values.variables and source.values.written("var", name) in ("", None)


def _is_made(scope: Scope, missing: MissingReference, candidates: list[str]) -> bool:
    """Whether a command of the build, on the machine that builds, writes it or fills its folder."""
    texts = [text for one in scope.templates if one.name in missing.templates for text in _commands(scope, one)]
    own = _template_of(scope, missing)
    texts += _commands(scope, own) if own is not None and own.name not in missing.templates else []
    if any(_makes(text, path) for text in dict.fromkeys(texts) for path in candidates):
        return True
    name = missing.name.removeprefix("./")
    return "/" in name and any(_makes(text, name, folders_too=False) for text in _make_scripts(scope))


def _make_scripts(scope: Scope) -> tuple[str, ...]:
    """The repository's makefiles, and the shell scripts that they name."""

    def find() -> tuple[str, ...]:
        paths = list(islice((path for path in files_below(scope.tree, ".") if _SCRIPT.search(path)), _MOST_SCRIPTS))
        made = [_recipes(scope, path) for path in paths if not path.endswith(_SHELL)]
        named = (
            path for path in paths if path.endswith(_SHELL) and any(posixpath.basename(path) in one for one in made)
        )
        return (*made, *(scope.read(path).decode("utf-8", "replace") for path in named))

    return scope.once("make scripts", find)


def _recipes(scope: Scope, path: str) -> str:
    """What a makefile runs, as one text."""
    text = scope.read(path).decode("utf-8", "replace")
    makefile = read_makefile({path: text}, posixpath.dirname(path) or ".", {}, {})
    return "\n".join(recipe for rule in needed(makefile.rules, (UNKNOWN,)) for _, _, recipe in rule.recipes)


def _makes(text: str, path: str, *, folders_too: bool = True) -> bool:
    """Whether a text writes a path; by its lines where it is no shell, or not all of it."""
    written = written_by(text)
    if not folders_too:
        written = msgspec.structs.replace(written, folders=frozenset())
    return written.has(path) or (not written.is_known and _says_so(text, path))


def _says_so(text: str, path: str) -> bool:
    parts = path.split("/")
    names = [path, *(parts[-1:] if "." in parts[-1][1:] else ())]
    if any(_says(text, name, _WRITES) for name in names if "/" in name or "." in name):
        return True
    folders = ("/".join(parts[:number]) for number in range(1, len(parts)))
    return any(_says(text, folder, _FILLS) for folder in folders if len(folder) > _SHORTEST)


def _says(text: str, name: str, pattern: re.Pattern[str]) -> bool:
    if name not in text:
        return False
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(word.search(line) and pattern.search(line) for line in text.split("\n"))


def _commands(scope: Scope, template: Template) -> list[str]:
    return scope.once(("local commands", template.path), lambda: list(_find_commands(scope, template)))


def _find_commands(scope: Scope, template: Template) -> Iterator[str]:
    source = source_at(scope, template.path)
    if source is not None:
        yield from local_texts(scope, source)
        for component in source.provisioners:
            if component.kind == "file" and source.values.text(component.node.get("direction")) == "download":
                yield f"cp downloaded {source.values.text(component.node.get('destination'))}"
    found = buildspec_of(scope.tree, scope.settings, template)
    if found is not None:
        yield "\n".join(read_buildspec(scope.tree, found[0]).commands)
    if scope.tree.kind("Makefile") == "file":
        yield _recipes(scope, "Makefile")
