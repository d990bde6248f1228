"""What a pipeline is made of besides its template: buildspec, module, and files that tfgen.toml names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tfgen_generators.packer.model import Template
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.terraform_reads import TerraformReads, literal_paths
from tfgen_generators.settings.inputs import Expression, Input, Literal
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.tree import Tree

BUILDSPECS = ("buildspec.yml", "buildspec.yaml")
_QUOTED = re.compile(r'"((?:[^"\\$]|\$\{path\.(?:module|root|cwd)\})+)"')
_HERE = re.compile(r"\$\{path\.(?:module|root|cwd)\}")


def buildspec_of(tree: Tree, settings: Settings, template: Template) -> tuple[str, Edge] | None:
    """The path of a template's buildspec, and what says so; None when it is no file of the repository."""
    own = settings.templates.get(template.name)
    shared = "buildspec" in settings.inputs or "buildspec" in (settings.module.inputs or ())
    if not shared and not (own and "buildspec" in own.inputs):  # nearly always, and asked for each template many times
        return _usual_buildspec(tree, template)
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
    return _usual_buildspec(tree, template)


def _usual_buildspec(tree: Tree, template: Template) -> tuple[str, Edge] | None:
    found = next((name for name in BUILDSPECS if tree.kind(name) == "file"), None)
    return (found, Edge(path=template.path, label="buildspec")) if found else None


def named_inputs(
    tree: LinkedTree, settings: Settings, template: Template, reads: TerraformReads
) -> Iterator[tuple[str, Edge]]:
    """Files that inputs of a pipeline are, or name, and those that the module reads for its inputs alone."""
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
    for pattern, edge in reads.of_image(template.name, template.path):
        for text in pattern.files(tree):
            yield text, edge


def _paths_in(value: Input, terraform_dir: str) -> Iterator[str]:
    if isinstance(value, Expression):
        for text in _QUOTED.findall(value.text):
            yield posixpath.normpath(_HERE.sub(terraform_dir, text))
            yield posixpath.normpath(f"{terraform_dir}/{text}")
    else:
        yield from literal_paths(value, terraform_dir)
