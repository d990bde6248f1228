"""Variables that files of values or commands set: they are declared so that Packer accepts these."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from tfgen_generators.paths.var_files import read_values
from tfgen_generators.trees.linked import files_below

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

_LARGEST = 100_000
_VALUES = (".pkrvars.hcl", ".pkrvars.json", ".auto.pkrvars.hcl", ".auto.pkrvars.json", ".tfvars")
_COMMANDS = re.compile(
    r"(^|/)(buildspec[^/]*\.ya?ml|Makefile|[^/]*\.(sh|mk|bash)|\.gitlab-ci\.yml|Jenkinsfile|Justfile)$"
)
_WORKFLOW = re.compile(r"^\.github/workflows/.*\.ya?ml$")
_FILES = re.compile(rb"-var-file[ =]+[\"']?([\w./-]+)")
_USED = re.compile(rb"\buser\s*[`\\\"]+(\w+)")
_SET = re.compile(rb"-var[ =]+[\"']?([A-Za-z_][\w-]*)=|\bPKR_VAR_(\w+)")


def is_given(scope: Scope, name: str) -> bool:
    """Whether some file of the repository sets the variable of a template: all of them read shared files of values."""
    return name in scope.once("given variables", lambda: _given(scope))


def _given(scope: Scope) -> frozenset[str]:
    templates = {member for one in scope.discovery.templates for member in (one.path, *one.members)}
    found: set[str] = set()
    for path in files_below(scope.tree, "."):
        if path.endswith(_VALUES):
            found.update(read_values(path, scope.read(path)) or {})
        elif path.endswith(".json") and path not in templates:
            found.update(_flat(scope.read(path)) if _may_be_values(path) else ())
        elif _COMMANDS.search(path) or _WORKFLOW.search(path):
            data = scope.read(path)
            found.update(name.decode() for pair in _SET.findall(data) for name in pair if name)
            for name in _FILES.findall(data) if b"-var-file" in data else ():
                found.update(_of_file(scope, name.decode()))
    return frozenset(found)


def is_used_by_values(scope: Scope, name: str) -> bool:
    """Whether a JSON file that is no template has a value that names the variable, as files of values may."""
    return name in scope.once("variables in values", lambda: _in_values(scope))


def _in_values(scope: Scope) -> frozenset[str]:
    templates = {member for one in scope.discovery.templates for member in (one.path, *one.members)}
    paths = (path for path in files_below(scope.tree, ".") if path.endswith(".json") and path not in templates)
    datas = (scope.read(path) for path in paths)
    return frozenset(
        name.decode() for data in datas if b"{{" in data and len(data) < _LARGEST for name in _USED.findall(data)
    )


def _of_file(scope: Scope, name: str) -> list[str]:
    """The variables of a file that a command names, from the root or the templates' folder."""
    for folder in ("", scope.settings.packer_dir):
        path = posixpath.normpath(posixpath.join(folder, name))
        if scope.tree.kind(path) == "file":
            return (
                _flat(scope.read(path)) if path.endswith(".json") else list(read_values(path, scope.read(path)) or {})
            )
    return []


def _may_be_values(path: str) -> bool:
    return "var" in posixpath.basename(path).lower() or "/var" in f"/{path}".lower()


def _flat(data: bytes) -> list[str]:
    """The keys of an object that has no objects in it."""
    try:
        value = json.loads(data) if len(data) < _LARGEST else None
    except (ValueError, RecursionError):
        return []
    return [] if not isinstance(value, dict) or any(isinstance(one, dict) for one in value.values()) else list(value)
