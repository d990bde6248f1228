"""Tasks that run only where a variable is set: if nothing sets it, what they name need not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfgen_generators.lint.scope import Scope
from tfgen_generators.paths.model import MissingReference
from tfgen_generators.trees.linked import files_below

if TYPE_CHECKING:
    import yaml

_NOTHING = r"(?:false|no|none|omit|null|~|''|\"\"|\[\]|\{\}|0|)"
#: What is false where the variable is not set, or is an error there, so that it must be guarded by another one.
_NEEDS = (
    re.compile(r"([A-Za-z_]\w*)(?:\.\w+|\[[^]]*\])*\s+is\s+(?:defined|not\s+undefined)", re.IGNORECASE),
    re.compile(r"([A-Za-z_]\w*)(?:\.\w+)*(?:\s*\|\s*bool)?", re.IGNORECASE),
    re.compile(
        rf"\(?\s*([A-Za-z_]\w*)(?:\.\w+)*\s*\|\s*d(?:efault)?\s*\(\s*{_NOTHING}\s*(?:,\s*true\s*)?\)\s*\)?"
        rf"(?:\s*\|\s*(?:bool|length|string|trim))*(?:\s*(?:>\s*0|!=\s*(?:''|\"\"|none)))?",
        re.IGNORECASE,
    ),
)
#: What Ansible and Packer set by themselves.
_MAGIC = re.compile(
    r"ansible_|packer_|inventory_|groups$|group_names$|hostvars$|item$|omit$|role_|play|true$|false$", re.IGNORECASE
)
_READ = re.compile(
    r"\.(ya?ml|json|hcl|ini|cfg|sh|py|env|toml)$|(^|/)(hosts|inventory|Makefile)$|(^|/)(group|host)_vars/"
)
_LARGEST = 1_000_000
_DEEPEST = 60


def is_guarded(scope: Scope, missing: MissingReference) -> bool:
    """Whether the task that names it runs only if a variable is set that nothing in the repository sets."""
    if not missing.line or not missing.path.endswith((".yml", ".yaml")):
        return False
    needed = scope.once(("needed", missing.path, missing.line), lambda: frozenset(_needed(scope, missing)))
    return any(not _is_set(scope, name) for name in needed)


def _needed(scope: Scope, missing: MissingReference) -> Iterator[str]:
    line = missing.line - 1
    for first, last, conditions in scope.once(("when", missing.path), lambda: _conditions(scope.read(missing.path))):
        for condition in conditions if first <= line <= last else ():
            for part in re.split(r"\s+and\s+", condition.strip()):
                found = (pattern.fullmatch(part.strip()) for pattern in _NEEDS)
                name = next((match[1] for match in found if match), "")
                if name and not _MAGIC.match(name):
                    yield name


def _conditions(data: bytes) -> list[tuple[int, int, list[str]]]:
    """First and last line (from 0) of each task, block or play with conditions, and those."""
    import yaml

    try:
        root = yaml.compose(data.decode(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (ValueError, RecursionError, yaml.YAMLError):
        return []
    found: list[tuple[int, int, list[str]]] = []
    seen: set[int] = set()  # an alias is the node that it names
    pending: list[tuple[yaml.Node | None, int]] = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        if node is None or depth > _DEEPEST or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += [(item, depth + 1) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            pending += [(value, depth + 1) for _, value in node.value]
            if conditions := [text for key, value in node.value for text in _when(key, value)]:
                found.append((node.start_mark.line, node.end_mark.line, conditions))
    return found


def _when(key: yaml.Node, value: yaml.Node) -> Iterator[str]:
    import yaml

    if isinstance(key, yaml.ScalarNode) and key.value == "when":
        parts = value.value if isinstance(value, yaml.SequenceNode) else [value]
        yield from (str(part.value) for part in parts if isinstance(part, yaml.ScalarNode))


def _is_set(scope: Scope, name: str) -> bool:
    """Whether something in the repository gives a variable a value that is not nothing."""

    def find() -> bool:
        pattern = re.compile(
            rf"(?<![\w.-])[\"']?{name}[\"']?\s*[:=][ \t]*+(?!{_NOTHING}\s*(?:#.*)?$)|register:\s*[\"']?{name}\b",
            re.IGNORECASE | re.MULTILINE,
        )
        return any(pattern.search(text) for text in _texts(scope))

    return scope.once(("is set", name), find)


def _texts(scope: Scope) -> tuple[str, ...]:
    """All files that may set variables."""

    def find() -> tuple[str, ...]:
        read = (scope.read(path) for path in files_below(scope.tree, ".") if _READ.search(path))
        return tuple(data.decode("utf-8", "replace") for data in read if len(data) < _LARGEST)

    return scope.once("texts that may set variables", find)
