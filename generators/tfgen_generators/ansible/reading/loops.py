"""What a task's loop gives: the items that are written, or files that a lookup finds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tfgen_generators.ansible.reading.lookups import KINDS, first_found_terms, of_lookup, short
from tfgen_generators.ansible.reading.model import Load, Ref
from tfgen_generators.ansible.reading.names import Bindings, elements, patterns
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq, scalars

_LISTS = ("items", "list", "flattened", "random_choice", "indexed_items", "loop")
_PRODUCTS = ("nested", "cartesian", "together")
_FILES = ("fileglob", "first_found", "filetree")


class Loop(msgspec.Struct, frozen=True):
    """The bindings of the loop variable, and the files that the loop itself reads."""

    bindings: dict[str, Sequence[Node] | None]
    refs: tuple[Ref, ...] = ()


def loop_of(task: Map, load: Load, quiet: bool) -> Loop:
    """The loop of a task. `load`: how its module reads a file that the loop finds."""
    control = task.pairs.get("loop_control")
    name = (control.text("loop_var") if isinstance(control, Map) else "") or "item"
    for key, node in task.pairs.items():
        if key == "loop" or key.startswith("with_"):
            kind = key.removeprefix("with_").rsplit(".", 1)[-1]
            refs = _refs(kind, node, task.lines[key], key, load, quiet)
            if kind in _FILES or (isinstance(node, Scalar) and not patterns(node.text, {})):
                return Loop({name: None}, refs)
            items = _items(kind, node)
            return Loop({} if items is None else {name: items}, refs)
    return Loop({})


def _refs(kind: str, node: Node, line: int, key: str, load: Load, quiet: bool) -> tuple[Ref, ...]:
    how = KINDS.get(kind)
    if how is None:
        return ()
    if kind == "first_found":
        names, skip = first_found_terms(node, {})
        where = {"template": "templates", "vars": "vars"}.get(load, "files")
        how, quiet = type(how)("first", where), quiet or skip
    else:
        nodes = node.items if isinstance(node, Seq) else [node]
        names = [name for part in nodes if isinstance(part, Scalar) for name in patterns(part.text, {})]
    written = ", ".join(part.text for part in scalars(node))
    ref = of_lookup(how, names, short(f"{key}: {written}"), line, quiet=quiet or kind != "first_found", load=load)
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
        return _written(node)
    if isinstance(node, Map):
        return [node]
    found: list[Node] = []
    for item in node.items:
        if kind not in ("loop", "list") and isinstance(item, Seq):
            found += item.items
        elif kind != "loop" and isinstance(item, Scalar) and "{{" in item.text:
            return None  # a list by itself, perhaps: `with_items` puts it flat
        else:
            found.append(item)
    if kind == "indexed_items":
        return [_row([Scalar(str(number), item.line), item]) for number, item in enumerate(found)]
    return found


def _written(node: Scalar) -> Sequence[Node] | None:
    text = node.text.strip()
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    found = elements(text[2:-2].strip(), {})
    return None if found is None or any("\0" in item for item in found) else [Scalar(item, node.line) for item in found]


def _product(node: Seq) -> Sequence[Node] | None:
    """One row for the longest list: which item meets which does not matter for names."""
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


__all__ = ["Bindings", "Loop", "loop_of"]
