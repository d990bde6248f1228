"""One file's bytes to its facts, by the kind of file that it is read as. Pure; no content raises an error."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.ansible.reading.lookups import references_in_scalars
from tfgen_generators.ansible.reading.model import (
    DYNAMIC,
    PLAYBOOK_DIR,
    ROLE_PATH,
    FactsKind,
    FileFacts,
    Reference,
    Shape,
)
from tfgen_generators.ansible.reading.nodes import VAULT, Map, Node, NotYamlError, Scalar, Seq, parse, scalars
from tfgen_generators.ansible.reading.playbooks import references_in_play, requirements_names, role_references
from tfgen_generators.ansible.reading.possible_texts import possible_texts
from tfgen_generators.ansible.reading.tasks import references_in_tasks

_LARGEST = 4_000_000
_DOTTED = re.compile(rb"\b([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.[a-z_]")
_NO_COLLECTIONS = ("ansible.", "ansible_", "item.", "hostvars.", "inventory_", "self.", "loop.", "galaxy_info.")
_MOST_PATHS = 200
_NO_PATH = ("-", "$", "(", "<", "%", "[", "|")


def read_facts(kind: FactsKind, data: bytes) -> FileFacts:
    """Facts of a file's content."""
    if data.startswith(VAULT):
        return FileFacts(shape="vault")
    if len(data) > _LARGEST:
        return FileFacts(shape="broken", problem=f"larger than {_LARGEST // 1_000_000} MB")
    if kind == "template":
        return _template_facts(data)
    try:
        return _yaml_facts(kind, data)
    except NotYamlError as error:
        return FileFacts(shape="broken", problem=error.problem, line=error.line)


def _yaml_facts(kind: FactsKind, data: bytes) -> FileFacts:
    root = parse(data)
    shape = _shape(root)
    problem = _problem(kind, root, shape)
    if problem:
        return FileFacts(shape=shape, problem=problem, line=root.line if root else 0)
    if kind == "requirements":
        roles, collections = requirements_names(root)
        return FileFacts(shape=shape, roles=roles, collections=collections)
    return FileFacts(
        shape=shape,
        references=tuple(dict.fromkeys(_references(kind, root, data))),
        possible_collections=_possible_collections(data),
        collections=_collections(root),
        path_values=_path_values(root) if b"/" in data else (),
    )


def _template_facts(data: bytes) -> FileFacts:
    if b"{" not in data:
        return FileFacts(shape="other")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return FileFacts(shape="broken", problem="not UTF-8 text")
    from tfgen_generators.ansible.reading.templates import references_in_template

    return FileFacts(
        shape="other",
        references=tuple(dict.fromkeys(references_in_template(text))),
        possible_collections=_possible_collections(data),
    )


def _shape(root: Node | None) -> Shape:
    if root is None:
        return "empty"
    if isinstance(root, Map):
        return "map"
    if isinstance(root, Scalar):
        return "other"
    for item in root.items:
        if isinstance(item, Map) and (
            "hosts" in item.pairs or any(_last(key) == "import_playbook" for key in item.pairs)
        ):
            return "plays"
    return "list"


def _last(key: str) -> str:
    return key.rsplit(".", 1)[-1]


def _problem(kind: FactsKind, root: Node | None, shape: Shape) -> str:
    """What is wrong with the file's top-level value, "" when nothing is."""
    if root is None or kind == "requirements":
        return ""
    if kind in ("tasks", "playbook"):
        if not isinstance(root, Seq):
            what = "plays" if kind == "playbook" else "tasks"
            return f"expected a list of {what}, found a {'map' if shape == 'map' else 'string'}"
        odd = next((item for item in root.items if not isinstance(item, Map)), None)
        return "" if odd is None else f"line {odd.line} is not a {'play' if kind == 'playbook' else 'task'}"
    return "" if isinstance(root, Map) else f"expected a map, found a {'string' if shape == 'other' else 'list'}"


def _references(kind: FactsKind, root: Node | None, data: bytes) -> Iterator[Reference]:
    if kind == "tasks":
        yield from references_in_tasks(root)
    elif kind == "playbook" and isinstance(root, Seq):
        for play in root.items:
            if isinstance(play, Map):
                yield from references_in_play(play)
    elif kind == "meta" and isinstance(root, Map):
        yield from role_references(root.pairs.get("dependencies"), "dependencies")
    elif kind == "vars" and (b"{{" in data or b"lookup" in data):
        yield from references_in_scalars(scalars(root), {}, lazy=True)


def _collections(root: Node | None) -> tuple[str, ...]:
    maps = [root] if isinstance(root, Map) else root.items if isinstance(root, Seq) else []
    found: dict[str, None] = {}
    for node in maps:
        named = node.pairs.get("collections") if isinstance(node, Map) else None
        for item in named.items if isinstance(named, Seq) else [named]:
            if isinstance(item, Scalar):
                found[item.text] = None
    return tuple(found)


def _possible_collections(data: bytes) -> tuple[str, ...]:
    """The `a.b` of every `a.b.c`."""
    found = {match.decode() for match in _DOTTED.findall(data)}
    return tuple(sorted(name for name in found if not name.startswith(_NO_COLLECTIONS)))


def _path_values(root: Node | None) -> tuple[str, ...]:
    """Values that are relative paths with a folder in them."""
    found: dict[str, None] = {}
    for node in scalars(root):
        text = node.text
        if (
            "/" in text
            and len(text) < 300
            and not text.startswith(("/", "~"))
            and "\n" not in text
            and "://" not in text
        ):
            for name in possible_texts(text.strip(), {}):
                if " " not in name and not name.startswith((DYNAMIC, "/", "~")) and _may_be_path(name):
                    found[name] = None
                    if len(found) >= _MOST_PATHS:
                        return tuple(found)
    return tuple(found)


def _may_be_path(name: str) -> bool:
    return name[:1] in (ROLE_PATH, PLAYBOOK_DIR) or ("/" in name and not name.startswith(_NO_PATH))
