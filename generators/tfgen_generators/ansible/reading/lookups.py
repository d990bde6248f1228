"""Files that any text may name: by `lookup('file', ...)`, or by a path that starts with `{{ role_path }}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, Load, Reference, ReferenceKind
from tfgen_generators.ansible.reading.nodes import Bindings, Map, Node, Scalar, Seq
from tfgen_generators.ansible.reading.possible_texts import (
    LookupCall,
    has_jinja,
    possible_texts,
    possible_words,
    read_lookup,
)
from tfgen_generators.ansible.reading.values import Values

_CALL = re.compile(r"\b(?:lookup|query|q)\s*\(")
_WORD = re.compile(r"""[^\s'"=,;|&<>()]+""")

_MOST_CALLS = 300
_MOST_INCOMPLETE = 20


class LookupKind(msgspec.Struct, frozen=True):
    """How a lookup finds its files. `in_words`: its terms are command lines with paths among their words."""

    kind: ReferenceKind
    subdir: str = ""
    load: Load = ""
    in_words: bool = False


LOOKUPS = {
    "file": LookupKind("search", "files"),
    "unvault": LookupKind("search", "files"),
    "template": LookupKind("search", "templates", "template"),
    "fileglob": LookupKind("glob", "files"),
    "first_found": LookupKind("first"),
    "filetree": LookupKind("tree", "files"),
    "lines": LookupKind("search", in_words=True),
    "pipe": LookupKind("search", in_words=True),
    "password": LookupKind("search", in_words=True),
    "csvfile": LookupKind("search", "files"),
    "ini": LookupKind("search", "files"),
}
#: The folder that `first_found` is taken to search for a task of which only a run knows the names.
_SUBDIRS: dict[Load, str] = {"": "files", "tasks": "tasks", "vars": "vars", "template": "templates"}
_BY_KEYWORD = ("csvfile", "ini")
_NO_FILES = frozenset(
    (
        *("aws_secret", "aws_ssm", "config", "dict", "dig", "env", "flattened", "hashi_vault", "indexed_items"),
        *("inventory_hostnames", "items", "list", "nested", "random_choice", "sequence", "subelements", "together"),
        *("url", "varnames", "vars"),
    )
)


def references_in_text(
    text: str, line: int, bindings: Bindings, *, load: Load = "", lazy: bool = False, words: bool = True
) -> Iterator[Reference]:
    """References of one text that may hold Jinja.

    `load`: as what the task reads a file that a lookup finds for it. `words`: paths that start at the role's or the
    playbook's folder count too.
    """
    yield from references_in_lookups(text, line, bindings, load, lazy)
    if words and ("role_path" in text or "playbook_dir" in text):
        yield from references_in_paths(text, line, bindings, lazy)


def references_in_scalars(
    nodes: Iterator[Scalar], bindings: Bindings, *, load: Load = "", lazy: bool = False, words: bool = True
) -> Iterator[Reference]:
    """References of all texts of the nodes."""
    for node in nodes:
        if node.tag is None or not node.tag.endswith(("vault", "unsafe")):
            yield from references_in_text(node.text, node.line, bindings, load=load, lazy=lazy, words=words)


def references_in_lookups(text: str, line: int, bindings: Bindings, load: Load, lazy: bool) -> Iterator[Reference]:
    """References of the calls of lookups in a text, which may be a bare expression."""
    if "(" not in text or not (matches := list(islice(_CALL.finditer(text), _MOST_CALLS))):
        return
    from tfgen_generators.ansible.reading.jinja import call_source

    incomplete = 0
    for match in matches:
        source = call_source(text, match.start())
        incomplete += not source
        if incomplete > _MOST_INCOMPLETE:
            return
        call = read_lookup(source, bindings) if source else None
        ref = _reference(call, source, line + text.count("\n", 0, match.start()), load) if call else None
        if ref is not None:
            yield msgspec.structs.replace(ref, lazy=lazy)


def references_in_paths(text: str, line: int, bindings: Bindings, lazy: bool) -> Iterator[Reference]:
    """References of the words of a text that start at the role's or the playbook's folder."""
    for name in possible_words(text, bindings) if has_jinja(text) else ():
        words = [w for w in _WORD.findall(name) if w[0] in (ROLE_PATH, PLAYBOOK_DIR) and "/" in w]
        if words:
            yield Reference(
                kind="search", names=tuple(words), label=label_of(text), line=line, optional=True, lazy=lazy
            )


def label_of(text: str) -> str:
    """A text as a label: one line of at most 80 characters."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def role_label(key: str, text: str) -> str:
    """That of a role: a plain name whole, since the role is told by it."""
    return label_of(f"{key}: {text}") if has_jinja(text) else f"{key}: {' '.join(text.split())}"


def _reference(call: LookupCall, source: str, line: int, load: Load) -> Reference | None:
    plugin = call.plugin.rsplit(".", 1)[-1]
    if plugin in _NO_FILES:
        return None
    lookup = LOOKUPS.get(plugin) or LookupKind("search", "files")
    names = call.keywords.get("file", ()) if plugin in _BY_KEYWORD else call.terms
    folders: Values = ()
    if plugin == "first_found":
        names, folders = (*names, *call.keywords.get("files", ())), call.keywords.get("paths", ())
    if plugin not in LOOKUPS:
        names = tuple(name for name in names if DYNAMIC not in name)
    if lookup.kind == "first" and any(DYNAMIC in name for name in names):
        lookup = LookupKind("first", _SUBDIRS[load])
    optional = plugin not in LOOKUPS or call.has_choice or "errors" in call.keywords or "skip" in call.keywords
    optional = optional or "{{" in source
    return lookup_reference(lookup, names, label_of(source), line, optional=optional, load=load, folders=folders)


def lookup_reference(
    kind: LookupKind,
    names: Sequence[str],
    label: str,
    line: int,
    *,
    optional: bool,
    load: Load,
    folders: Sequence[str] = (),
) -> Reference | None:
    """The reference of a lookup of names; None when there are none."""
    if kind.kind == "first":
        names = [part.strip() for name in names for part in re.split("[,;]", name)]
        names = [f"{folder}/{name}" for folder in folders for name in names] if folders else names
    if kind.in_words:
        names = [word for name in names for word in _WORD.findall(name)]
    names = [name for name in dict.fromkeys(names) if name]
    optional = optional or kind.in_words or kind.kind == "glob"
    return (
        Reference(
            kind=kind.kind,
            names=tuple(name for name in names if not kind.in_words or DYNAMIC not in name),
            label=label,
            line=line,
            subdir=kind.subdir,
            load=load if kind.kind in ("first", "glob", "tree") else kind.load,
            optional=optional,
        )
        if names
        else None
    )


def first_found_terms(node: Node | None, bindings: Bindings) -> tuple[list[str], bool]:
    """Names of `with_first_found`, in order, and whether it is no error when no file is there."""
    names: list[str] = []
    skip = False
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        if isinstance(item, Map):
            files = _texts_of(item.pairs.get("files"), bindings, "[,;]")
            folders = _texts_of(item.pairs.get("paths"), bindings, "[,:;]")
            names += [f"{folder}/{name}" for folder in folders for name in files] if folders else files
            skip = skip or item.is_true("skip") or item.text("errors") == "ignore"
        elif isinstance(item, Seq):
            inner, inner_skip = first_found_terms(item, bindings)
            names += inner
            skip = skip or inner_skip
        else:
            names += _texts_of(item, bindings, "[,;]")
    return names, skip


def _texts_of(node: Node | None, bindings: Bindings, separators: str) -> list[str]:
    nodes = node.items if isinstance(node, Seq) else [] if node is None else [node]
    found = [name for part in nodes if isinstance(part, Scalar) for name in possible_texts(part.text, bindings)]
    return [part.strip() for name in found for part in re.split(separators, name) if part.strip()]
