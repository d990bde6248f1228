"""What a pipeline is made of besides its template: buildspec, module, and files that tfgen.toml names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.model import Edge, Unit
from tfgen_generators.settings.inputs import Expression, Input, Literal
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.trees.linked import LinkedTree, files_below
from tfgen_generators.trees.tree import Tree

BUILDSPECS = ("buildspec.yml", "buildspec.yaml")
#: What of a module is not part of what it makes.
_ASIDE = frozenset({"examples", "tests", ".terraform", ".git"})
_CALLED = re.compile(r"""["']?source["']?\s*[=:]\s*"(\.{1,2}/[^"]*)\"""")
_QUOTED = re.compile(r'"((?:[^"\\$]|\$\{path\.(?:module|root|cwd)\})+)"')
_HERE = re.compile(r"\$\{path\.(?:module|root|cwd)\}")


def buildspec_of(tree: Tree, settings: Settings, template: Template) -> tuple[str, Edge] | None:
    """The path of a template's buildspec, and what says so; None when it is no file of the repository."""
    own = settings.templates.get(template.name)
    tables = ((("templates", template.name, "inputs"), own.inputs if own else {}), (("inputs",), settings.inputs))
    for path, inputs in (*tables, (("module", "inputs"), settings.module.inputs or {})):
        if "buildspec" in inputs:
            value = inputs["buildspec"]
            if not isinstance(value, Literal) or not isinstance(value.value, str):
                break
            named = posixpath.normpath(value.value)
            line = settings.line(*path, "buildspec")
            edge = Edge(path=FILE_NAME, line=line, label=".".join((*path, "buildspec")))
            return (named, edge) if tree.kind(named) == "file" else None
    found = next((name for name in BUILDSPECS if tree.kind(name) == "file"), None)
    return (found, Edge(path=template.path, label="buildspec")) if found else None


def module_unit(tree: LinkedTree, settings: Settings) -> Unit | None:
    """The files of a local module and of the local modules that it calls."""
    source = settings.module.source
    if not source.startswith(("./", "../")):
        return None
    folder = posixpath.normpath(f"{settings.terraform_dir}/{source}")
    files: dict[str, Edge] = {}
    seen: set[str] = set()
    pending: list[tuple[str, Edge]] = [(folder, Edge(path="", label=""))]
    while pending:
        current, edge = pending.pop()
        if current in seen or tree.kind(current) != "folder":
            continue
        seen.add(current)
        for path in _module_files(tree, current):
            files.setdefault(path, edge)
            if is_terraform(path.rpartition("/")[2]) and posixpath.dirname(path) == current:
                pending += _called(tree, path)
    return Unit(key=f"module {folder}", files=files) if files else None


def _module_files(tree: LinkedTree, folder: str) -> Iterator[str]:
    for path in files_below(tree, folder):
        inner = path[len(folder) + 1 :] if folder != "." else path
        parts = inner.split("/")
        if _ASIDE.intersection(parts[:-1]) or parts[-1].startswith(".terraform"):
            continue
        if not (parts[-1].upper().startswith("README") or parts[-1].lower().endswith(".md")):
            yield path


def _called(tree: LinkedTree, path: str) -> Iterator[tuple[str, Edge]]:
    try:
        text = tree.content(tree.real(path)).decode("utf-8", "replace")
    except OSError:
        return
    for match in _CALLED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        target = posixpath.normpath(f"{posixpath.dirname(path)}/{match.group(1)}")
        yield target, Edge(path=path, line=line, label=f"source: {match.group(1)}")


def named_inputs(tree: Tree, settings: Settings, template: Template) -> Iterator[tuple[str, Edge]]:
    """Files that literal inputs of a pipeline are, or that an expression names."""
    own = settings.templates.get(template.name)
    tables: list[tuple[tuple[str, ...], dict[str, Input]]] = [
        (("module", "inputs"), settings.module.inputs or {}),
        (("inputs",), {name: value for name, value in settings.inputs.items() if not own or name not in own.inputs}),
        (("templates", template.name, "inputs"), own.inputs if own else {}),
    ]
    for path, inputs in tables:
        for name, value in inputs.items():
            for text in _paths_in(value, settings.terraform_dir):
                if tree.kind(text) == "file":
                    label = ".".join((*path, name))
                    yield text, Edge(path=FILE_NAME, line=settings.line(*path, name), label=label)


def _paths_in(value: Input, terraform_dir: str) -> Iterator[str]:
    if isinstance(value, Expression):
        for text in _QUOTED.findall(value.text):
            yield posixpath.normpath(_HERE.sub(terraform_dir, text))
            yield posixpath.normpath(f"{terraform_dir}/{text}")
    elif isinstance(value, Literal) and isinstance(value.value, str) and value.value:
        yield posixpath.normpath(value.value)
