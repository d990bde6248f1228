"""What a task's loop gives: the items that are written, or the files that a lookup finds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen_generators.ansible.reading.lookups import LOOKUPS, LookupKind, first_found_terms, label_of, lookup_reference
from tfgen_generators.ansible.reading.model import PLAYBOOK_DIR, ROLE_PATH, Load, Reference
from tfgen_generators.ansible.reading.nodes import Bindings, Map, Node, Scalar, Seq, scalars
from tfgen_generators.ansible.reading.possible_texts import has_jinja, list_items, possible_texts

_LISTS = ("items", "list", "flattened", "random_choice", "indexed_items", "loop")
_PRODUCTS = ("nested", "cartesian", "together")
_FILES = ("fileglob", "first_found", "filetree")


class Loop(msgspec.Struct, frozen=True):
    """The bindings of the loop variable, and what the loop itself names."""

    bindings: Bindings
    references: tuple[Reference, ...] = ()


def read_loop(task: Map, load: Load, optional: bool) -> Loop:
    """The loop of a task. `load`: how its module reads a file that the loop finds."""
    control = task.pairs.get("loop_control")
    name = (control.text("loop_var") if isinstance(control, Map) else "") or "item"
    for key, node in task.pairs.items():
        if key == "loop" or key.startswith("with_"):
            kind = key.removeprefix("with_").rsplit(".", 1)[-1]
            references = _references(kind, node, task.lines[key], key, load, optional)
            if kind in _FILES or (isinstance(node, Scalar) and not possible_texts(node.text, {})):
                return Loop({name: None}, references)
            items = _items(kind, node)
            return Loop({} if items is None else {name: items}, references)
    return Loop({})


def _references(kind: str, node: Node, line: int, key: str, load: Load, optional: bool) -> tuple[Reference, ...]:
    lookup = LOOKUPS.get(kind)
    if lookup is None:
        return ()
    if kind == "first_found":
        names, skip = first_found_terms(node, {})
        subdir = {"template": "templates", "vars": "vars"}.get(load, "files")
        lookup, optional = LookupKind("first", subdir), optional or skip
    else:
        nodes = node.items if isinstance(node, Seq) else [node]
        names = [name for part in nodes if isinstance(part, Scalar) for name in possible_texts(part.text, {})]
    written = ", ".join(part.text for part in scalars(node))
    ref = lookup_reference(
        lookup, names, label_of(f"{key}: {written}"), line, optional=optional or kind != "first_found", load=load
    )
    return (ref,) if ref else ()


def _items(kind: str, node: Node) -> Sequence[Node] | None:
    if kind == "dict" and isinstance(node, Map):
        return [_pair(key, value) for key, value in node.pairs.items()]
    if kind in _LISTS:
        return _flat(kind, node)
    if kind in _PRODUCTS and isinstance(node, Seq):
        return _product(node)
    return None


def _flat(kind: str, node: Node) -> Sequence[Node] | None:
    if isinstance(node, Scalar):
        return _literal_list(node)
    if isinstance(node, Map):
        return [node]
    found: list[Node] = []
    for item in node.items:
        if kind not in ("loop", "list") and isinstance(item, Seq):
            found += item.items
        elif kind != "loop" and isinstance(item, Scalar) and has_jinja(item.text):
            return None  # it may be a list, which `with_items` flattens
        else:
            found.append(item)
    if kind == "indexed_items":
        return [_row([Scalar(str(number), item.line), item]) for number, item in enumerate(found)]
    return found


def _literal_list(node: Scalar) -> Sequence[Node] | None:
    text = node.text.strip()
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    found = list_items(text[2:-2].strip("-+ \n"))
    return None if found is None else [Scalar(_jinja(item), node.line) for item in found]


def _jinja(item: str) -> str:
    return item.replace(ROLE_PATH, "{{ role_path }}").replace(PLAYBOOK_DIR, "{{ playbook_dir }}")


def _product(node: Seq) -> Sequence[Node] | None:
    """Every combination of the items: `together` has fewer, but no others."""
    columns = []
    for item in node.items:
        found = item.items if isinstance(item, Seq) else None
        if not found:
            return None
        columns.append(found)
    if not columns or len(columns) > 3:
        return None
    rows: list[list[Node]] = [[]]
    for column in columns:
        rows = [[*row, item] for row in rows for item in column]
        if len(rows) > 400:
            return None
    return [_row(row) for row in rows]


def _row(items: list[Node]) -> Seq:
    row = Seq(items[0].line if items else 0)
    row.items.extend(items)
    return row


def _pair(key: str, value: Node) -> Map:
    found = Map(value.line)
    found.pairs = {"key": Scalar(key, value.line), "value": value}
    found.lines = {"key": value.line, "value": value.line}
    return found
