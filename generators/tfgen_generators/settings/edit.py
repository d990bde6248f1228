"""Changes a few keys of a tfgen.toml and leaves the rest as somebody wrote it: comments, order, layout, line ends, BOM.

Each edit says what the document must mean afterwards. The ways of writing it are tried in turn, the smallest change to
the text first, and the first one that parses to exactly that meaning is taken; so no shape of TOML can be damaged.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from tfgen_generators.errors import SettingsError
from tfgen_generators.settings.lines import Path, comments, dotted, keys

Document = dict[str, Any]
Plain = str | bool | int | float | list[Any] | Mapping[str, Any]
Values = Mapping[str, Plain | None]
_Way = Callable[[str], str]

_BOM = "\ufeff"


def set_keys(text: str, path: Path, values: Values, *, where: str) -> str:
    """`text` with the keys of the table at `path` set to `values` (None: removed). Raises SettingsError."""
    return set_tables(text, {path: values}, where=where)


def set_tables(text: str, edits: Mapping[Path, Values], *, where: str) -> str:
    """The same for many tables at once: `edits` are table -> its keys. Raises SettingsError."""
    wanted = _parse(text)
    old: dict[Path, Values] = {}
    new: dict[Path, Values] = {}
    for path, values in edits.items():
        (old if _has(wanted, path) else new)[path] = values
        table = _table(wanted, path, make=True)
        for key, value in values.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    ways: tuple[_Way, ...] = (
        lambda plain: _append(_insert(plain, old), new),
        lambda plain: _append(plain, edits),  # a table that only its sub-tables' headers make
        lambda plain: _append(_by_tomlkit(plain, old), new),
        lambda plain: _by_tomlkit(plain, edits),
    )
    what = "; ".join(f"[{dotted(path)}]: {_assignments(values, ', ')}" for path, values in edits.items())
    return _first(text, wanted, ways, where=where, what=what)


def move_table(text: str, old: Path, new: Path, *, where: str) -> str:
    """`text` with the table at `old` called `new`; both have the same parent. Raises SettingsError."""
    wanted = _parse(text)
    parent = _table(wanted, old[:-1], make=False)
    moved = {new[-1] if key == old[-1] else key: value for key, value in parent.items()}
    parent.clear()
    parent.update(moved)
    what = f"rename [{dotted(old)}] to [{dotted(new)}]"
    return _first(text, wanted, [lambda plain: _renamed(plain, old, new[-1])], where=where, what=what)


def _first(text: str, wanted: Document, ways: Iterable[_Way], *, where: str, what: str) -> str:
    """The first way's result that means `wanted` and keeps every comment."""
    bom, plain = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    plain_lines = plain.replace("\r\n", "\n")
    if _parse(text) == wanted:
        return text
    for way in ways:
        try:
            edited = way(plain_lines)
            if tomllib.loads(edited) == wanted and sorted(comments(edited)) == sorted(comments(plain_lines)):
                return bom + _with_line_ends(plain, edited)
        except Exception:  # noqa: BLE001, S112 an edit that fails in any way is no edit; the next way, or the error
            continue
    raise SettingsError("cannot be edited safely", where=where, fix=f"edit it by hand: {what}")


def _parse(text: str) -> Document:
    return tomllib.loads(text.removeprefix(_BOM))


def _table(document: Document, path: Path, *, make: bool) -> Document:
    for key in path:
        document = document.setdefault(key, {}) if make else document[key]
    return document


def _has(document: Document, path: Path) -> bool:
    for key in path:
        if key not in document:
            return False
        document = document[key]
    return True


def _with_line_ends(old: str, new: str) -> str:
    """`new` (with LF) with the line ends of `old`: each kept line has its own, new lines that of most."""
    if "\r\n" not in old:
        return new
    lines = old.splitlines(keepends=True)
    plain = [line.replace("\r\n", "\n") for line in lines]
    crlf = 2 * old.count("\r\n") > old.count("\n")
    fresh = new.splitlines(keepends=True)
    result = [line.replace("\n", "\r\n") if crlf else line for line in fresh]
    for match in difflib.SequenceMatcher(a=plain, b=fresh, autojunk=False).get_matching_blocks():
        result[match.b : match.b + match.size] = lines[match.a : match.a + match.size]
    return "".join(result)


def _assignments(values: Values, between: str = "\n") -> str:
    return between.join(f"{_key(key)} = {_literal(value)}" for key, value in values.items() if value is not None)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _literal(key)


def _literal(value: Plain) -> str:
    """A TOML value on one line, text as a basic string."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_literal(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"  # an expression of Terraform's is easier to read without escapes
    escaped = re.sub(r'["\\\x00-\x1f\x7f]', lambda match: f"\\u{ord(match.group()):04x}", value)
    return f'"{escaped}"'


def _insert(text: str, edits: Mapping[Path, Values]) -> str:
    """New keys right below their tables' `[header]`s. Raises LookupError where there is none."""
    data = text.encode()
    ends = {key.path: key.parts[-1][2] for key in keys(text) if key.header}
    for path, values in sorted(edits.items(), key=lambda edit: -ends[edit[0]]):
        end = data.find(b"\n", ends[path])
        end = len(data) if end < 0 else end
        data = data[:end] + f"\n{_assignments(values)}".encode() + data[end:]
    return data.decode()


def _append(text: str, edits: Mapping[Path, Values]) -> str:
    """New tables at the end."""
    for path, values in edits.items():
        kept = text if text.endswith("\n") or not text else f"{text}\n"
        text = f"{kept}{chr(10) if kept.strip() else ''}[{dotted(path)}]\n{_assignments(values)}\n"
    return text


def _by_tomlkit(text: str, edits: Mapping[Path, Values]) -> str:
    """Everything else: keys that are there already, inline tables, dotted keys."""
    import tomlkit

    document = tomlkit.parse(text)
    for path, values in edits.items():
        table: MutableMapping[str, Any] = document
        for key in path:
            if key not in table:
                inline = isinstance(table, tomlkit.items.InlineTable)
                table[key] = tomlkit.inline_table() if inline else tomlkit.table()
            table = table[key]
        for key, value in values.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    return tomlkit.dumps(document)


def _renamed(text: str, old: Path, name: str) -> str:
    """The part of each key that names the table."""
    data = text.encode()
    for key in reversed(keys(text)):
        at = len(old) - 1 - len(key.table)
        if 0 <= at < len(key.parts) and key.path[: len(old)] == old:
            _, start, end = key.parts[at]
            data = data[:start] + name.encode() + data[end:]
    return data.decode()
