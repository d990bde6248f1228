"""The files of a root module and of all its modules, as statements: what stands where, and what it names."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from tfgen_generators.hcl.blocks import Attribute, Block, UnreadableError, read_blocks
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.trees.files import read_bytes

#: How many calls of modules are followed, and how deep; with more, not all is known.
_MOST_CALLS, _DEEPEST = 10_000, 20
_PAIRS = re.compile(
    r"(?=(?<![\w.-])(?<!\. )([A-Za-z_][\w-]*)\s*\.\s*([A-Za-z_][\w-]*))|(?=\.\s*([\w-]+)\s*\.\s*([\w-]+))"
)
_MARKS = re.compile(r"\bsensitive\s*\(")


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A block, or one value of `locals`. `names` are all `a.b` in it; `marked`: it calls `sensitive`."""

    kind: str
    labels: tuple[str, ...]
    line: int
    text: str
    names: frozenset[tuple[str, str]]
    marked: bool
    arguments: Mapping[str, Attribute]


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One folder. `files` maps a file's name to its statements, by line; `unreadable` are those that are no HCL."""

    folder: str
    files: Mapping[str, tuple[Statement, ...]]
    unreadable: frozenset[str]
    calls: Mapping[str, str]

    def statements(self) -> Iterator[Statement]:
        for found in self.files.values():
            yield from found


class _Installed(msgspec.Struct):
    key: str = msgspec.field(name="Key", default="")
    dir: str = msgspec.field(name="Dir", default="")


class _Listed(msgspec.Struct):
    modules: list[_Installed] = msgspec.field(name="Modules", default_factory=list)


def read_configuration(folder: Path, data_dir: Path) -> dict[str, Module]:
    """Folder, seen from the root module's (`.`) -> module. What cannot be read is named in `unreadable`."""
    installed = _installed(data_dir)
    found: dict[str, Module] = {}
    waiting = [("", ".")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        key, place = waiting.pop()
        if (key, place) in seen:
            continue
        if len(seen) >= _MOST_CALLS or key.count(".") >= _DEEPEST:
            found[place] = Module(folder=place, files={}, unreadable=frozenset({"."}), calls={})
            break
        seen.add((key, place))
        if place not in found:
            found[place] = _module(folder, place, key, installed)
        waiting += [(f"{key}.{name}".lstrip("."), there) for name, there in found[place].calls.items()]
    return found


def names_in(text: str) -> frozenset[tuple[str, str]]:
    """Every `a.b` in an expression, overlapping ones too."""
    return frozenset((a or c, b or d) for a, b, c, d in _PAIRS.findall(text))


def _installed(data_dir: Path) -> dict[str, str]:
    with contextlib.suppress(OSError, msgspec.DecodeError, RecursionError):
        data = read_bytes(data_dir / "modules" / "modules.json")
        return {item.key: os.path.normpath(item.dir) for item in msgspec.json.decode(data, type=_Listed).modules}
    return {}


def _module(root: Path, place: str, key: str, installed: Mapping[str, str]) -> Module:
    files: dict[str, tuple[Statement, ...]] = {}
    names = _names(root / place)
    unreadable = set() if names is not None else {"."}
    for name in names or ():
        try:
            blocks = read_blocks(name, read_bytes(root / place / name))
        except (OSError, UnreadableError):
            unreadable.add(name)
        else:
            files[name] = tuple(sorted(_statements(blocks), key=lambda statement: statement.line))
    calls = {
        statement.labels[0]: there
        for found in files.values()
        for statement in found
        if statement.kind == "module" and (there := _called(statement, place, key, installed))
    }
    return Module(folder=place, files=files, unreadable=frozenset(unreadable), calls=calls)


def _names(folder: Path) -> list[str] | None:
    """The names of its files; None where there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if is_terraform(name))  # noqa: PTH208 names, not paths
    except OSError:
        return None


def _called(statement: Statement, place: str, key: str, installed: Mapping[str, str]) -> str:
    """The folder of a called module, "" where it is not installed."""
    source = statement.arguments["source"].plain if "source" in statement.arguments else None
    if source and source.startswith(("./", "../")):
        return os.path.normpath(f"{place}/{source}")
    return installed.get(f"{key}.{statement.labels[0]}".lstrip("."), "")


def _statements(blocks: Iterable[Block]) -> Iterator[Statement]:
    for block in blocks:
        if block.kind == "locals":
            for name, value in block.attributes.items():
                yield _statement("local", (name,), value.line, value.text, {})
        else:
            yield _statement(block.kind, block.labels, block.line, block.text, block.attributes)


def _statement(
    kind: str, labels: tuple[str, ...], line: int, text: str, arguments: Mapping[str, Attribute]
) -> Statement:
    return Statement(
        kind=kind,
        labels=labels,
        line=line,
        text=text,
        names=names_in(text),
        marked=_MARKS.search(text) is not None,
        arguments=arguments,
    )
