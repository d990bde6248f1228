"""One file's bytes to its facts, by the kind of file that it is read as. Pure; never raises for what a file holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tfgen_generators.ansible.reading.facts import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, FactsKind, FileFacts, Ref, Shape
from tfgen_generators.ansible.reading.jinja_templates import of_template
from tfgen_generators.ansible.reading.lookups import of_nodes
from tfgen_generators.ansible.reading.names import patterns
from tfgen_generators.ansible.reading.nodes import VAULT, Map, Node, NotYamlError, Scalar, Seq, parse, scalars
from tfgen_generators.ansible.reading.playbooks import of_play, of_requirements, of_roles

_LARGEST = 4_000_000
_SPACE = re.compile(rb"\b([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.[a-z_]")
_NOT_SPACES = ("ansible.", "ansible_", "item.", "hostvars.", "inventory_", "self.", "loop.", "galaxy_info.")
_MOST_PATHS = 200


def facts_of(kind: FactsKind, data: bytes) -> FileFacts:
    """Facts of a file's content."""
    if data.startswith(VAULT):
        return FileFacts(shape="vault")
    if len(data) > _LARGEST:
        return FileFacts(shape="broken", problem=f"larger than {_LARGEST // 1_000_000} MB")
    if kind == "template":
        return _template(data)
    try:
        return _of_yaml(kind, data)
    except NotYamlError as error:
        return FileFacts(shape="broken", problem=error.problem, line=error.line)


def _of_yaml(kind: FactsKind, data: bytes) -> FileFacts:
    root = parse(data)
    shape = _shape(root)
    amiss = _amiss(kind, root, shape)
    if amiss:
        return FileFacts(shape=shape, problem=amiss, line=root.line if root else 0)
    if kind == "requirements":
        roles, collections = of_requirements(root)
        return FileFacts(shape=shape, roles=roles, collections=collections)
    return FileFacts(
        shape=shape,
        refs=tuple(dict.fromkeys(_refs(kind, root, data))),
        spaces=_spaces(data),
        collections=_collections(root),
        paths=_paths(root) if b"/" in data else (),
    )


def _template(data: bytes) -> FileFacts:
    if b"{" not in data:
        return FileFacts(shape="other")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return FileFacts(shape="broken", problem="not UTF-8 text")
    return FileFacts(shape="other", refs=tuple(dict.fromkeys(of_template(text))), spaces=_spaces(data))


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


def _amiss(kind: FactsKind, root: Node | None, shape: Shape) -> str:
    """What is wrong with the file's outermost value, "" when nothing is."""
    if root is None or kind == "requirements":
        return ""
    if kind in ("tasks", "playbook"):
        if not isinstance(root, Seq):
            what = "plays" if kind == "playbook" else "tasks"
            return f"expected a list of {what}, found a {'map' if shape == 'map' else 'string'}"
        odd = next((item for item in root.items if not isinstance(item, Map)), None)
        return "" if odd is None else f"line {odd.line} is not a {'play' if kind == 'playbook' else 'task'}"
    return "" if isinstance(root, Map) else f"expected a map, found a {'string' if shape == 'other' else 'list'}"


def _refs(kind: FactsKind, root: Node | None, data: bytes) -> Iterator[Ref]:
    from tfgen_generators.ansible.reading.tasks import of_tasks

    if kind == "tasks":
        yield from of_tasks(root)
    elif kind == "playbook" and isinstance(root, Seq):
        for play in root.items:
            if isinstance(play, Map):
                yield from of_play(play)
    elif kind == "meta" and isinstance(root, Map):
        yield from of_roles(root.pairs.get("dependencies"), "dependencies")
    elif kind == "vars" and (b"{{" in data or b"lookup" in data):
        yield from of_nodes(scalars(root), {}, roaming=True)


def _collections(root: Node | None) -> tuple[str, ...]:
    maps = [root] if isinstance(root, Map) else root.items if isinstance(root, Seq) else []
    found: dict[str, None] = {}
    for node in maps:
        named = node.pairs.get("collections") if isinstance(node, Map) else None
        for item in named.items if isinstance(named, Seq) else [named]:
            if isinstance(item, Scalar):
                found[item.text] = None
    return tuple(found)


def _spaces(data: bytes) -> tuple[str, ...]:
    """The `a.b` of every `a.b.c`: what may be a collection."""
    found = {match.decode() for match in _SPACE.findall(data)}
    return tuple(sorted(name for name in found if not name.startswith(_NOT_SPACES)))


def _paths(root: Node | None) -> tuple[str, ...]:
    """Relative paths with a folder in them that variables have."""
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
            for name in patterns(text.strip(), {}):
                if " " not in name and not name.startswith((DYNAMIC, "/", "~")) and _leads_on(name):
                    found[name] = None
                    if len(found) >= _MOST_PATHS:
                        return tuple(found)
    return tuple(found)


def _leads_on(name: str) -> bool:
    return name[0] in (ROLE_PATH, PLAYBOOK_DIR) or not name.startswith(("-", "$", "(", "<", "%", "[", "|"))
