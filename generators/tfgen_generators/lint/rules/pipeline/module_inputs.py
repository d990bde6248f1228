"""What a pipeline gives an input of its module, else the default of the variable, where both are known.

The default is known where the module is in this repository. An input of which nothing is known is None, as is one that
the module does not declare: another module, or an older one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.native_nodes import read_native_nodes
from tfgen_generators.lint.templates.nodes import File
from tfgen_generators.packer.model import BrokenTemplateError, Template
from tfgen_generators.settings.inputs import Input, Literal

_VARIABLE = re.compile(rb"^\s*variable\b", re.MULTILINE)


def given_input(scope: Scope, template: Template, name: str) -> Input | None:
    """What tfgen.toml gives an input of the pipeline of a template."""
    own = scope.settings.templates.get(template.name)
    return {**scope.shared_inputs, **(own.inputs if own else {})}.get(name)


def module_input(scope: Scope, template: Template, name: str) -> object:
    """The value of an input for the pipeline of a template."""
    given = given_input(scope, template, name)
    if given is not None:
        return given.value if isinstance(given, Literal) else None
    return _defaults(scope).get(name)


def module_inputs(scope: Scope, template: Template) -> Mapping[str, object]:
    """All inputs of the pipeline of a template, as `module_input` gives them; None where an expression stands."""
    common = scope.once("inputs of all pipelines", lambda: _resolved(scope.shared_inputs))
    own = scope.settings.templates.get(template.name)
    return {**_defaults(scope), **common, **(_resolved(own.inputs) if own else {})}


def _resolved(inputs: Mapping[str, Input]) -> dict[str, object]:
    return {name: item.value if isinstance(item, Literal) else None for name, item in inputs.items()}


def _defaults(scope: Scope) -> Mapping[str, object]:
    return scope.once("defaults of the module", lambda: _read(scope))


def _read(scope: Scope) -> Mapping[str, object]:
    """The defaults of the variables of a module in this repository."""
    source = scope.settings.module.source
    if not source.startswith(("./", "../")):
        return {}
    folder = posixpath.normpath(f"{scope.settings.terraform_dir}/{source}")
    found: dict[str, object] = {}
    for name in scope.tree.names(folder):
        data = scope.read(f"{folder}/{name}") if name.endswith(".tf") else b""
        if not _VARIABLE.search(data):
            continue
        try:
            root = read_native_nodes(File(f"{folder}/{name}", data))
        except (BrokenTemplateError, ValueError, IndexError, RecursionError):
            continue
        found |= {block.labels[0]: block.get("default") for block in root.tables("variable") if block.labels}
    return found
