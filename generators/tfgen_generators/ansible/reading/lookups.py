"""Files that texts name by themselves: `lookup('file', ...)`, `{{ role_path }}/...`, `{% include '...' %}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from tfgen_generators.ansible.reading.model import DYNAMIC, PLAYBOOK_DIR, ROLE_PATH, Load, Manner, Ref
from tfgen_generators.ansible.reading.names import Bindings, elements, evaluate, patterns
from tfgen_generators.ansible.reading.nodes import Map, Node, Scalar, Seq

_CALL = re.compile(r"\b(?:lookup|query|q)\s*\(")
_KEYWORD = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)")
_WORD = re.compile(r"""[^\s'"=,;|&<>()]+""")
_SIGN = re.compile(r"\\.|['\"()\[\]{},]", re.DOTALL)
_LONGEST_CALL = 4000
_MOST_CALLS = 300


class Kind(msgspec.Struct, frozen=True):
    """How a lookup finds its files."""

    manner: Manner
    where: str = ""
    load: Load = ""


KINDS = {
    "file": Kind("search", "files"),
    "unvault": Kind("search", "files"),
    "template": Kind("search", "templates", "template"),
    "fileglob": Kind("glob", "files"),
    "first_found": Kind("first"),
    "filetree": Kind("tree", "files"),
    "lines": Kind("words"),
    "pipe": Kind("words"),
    "password": Kind("words"),
    "csvfile": Kind("search", "files"),
    "ini": Kind("search", "files"),
}
#: Where a lookup that finds a file for somebody else is taken to search when nobody can know its names.
_FOLDERS: dict[Load, str] = {"": "files", "tasks": "tasks", "vars": "vars", "template": "templates"}
_BY_KEYWORD = ("csvfile", "ini")
_NO_FILES = {
    *(
        "vars",
        "env",
        "config",
        "dict",
        "url",
        "items",
        "list",
        "nested",
        "sequence",
        "varnames",
        "together",
        "subelements",
    ),
    *(
        "indexed_items",
        "inventory_hostnames",
        "random_choice",
        "hashi_vault",
        "aws_ssm",
        "aws_secret",
        "dig",
        "flattened",
    ),
}


def of_text(
    text: str, line: int, bindings: Bindings, *, load: Load = "", roaming: bool = False, words: bool = True
) -> Iterator[Ref]:
    """Refs of one text that may hold Jinja.

    `load`: how files that a lookup finds for somebody else are read on. `words`: paths that start at the role's or the
    playbook's folder count too.
    """
    yield from of_calls(text, line, bindings, load, roaming)
    if words and ("role_path" in text or "playbook_dir" in text):
        yield from of_words(text, line, bindings, roaming)


def of_nodes(
    nodes: Iterator[Scalar], bindings: Bindings, *, load: Load = "", roaming: bool = False, words: bool = True
) -> Iterator[Ref]:
    """Refs of all texts of the nodes."""
    for node in nodes:
        if node.tag is None or not node.tag.endswith(("vault", "unsafe")):
            yield from of_text(node.text, node.line, bindings, load=load, roaming=roaming, words=words)


def of_calls(text: str, line: int, bindings: Bindings, load: Load, roaming: bool) -> Iterator[Ref]:
    if "(" in text:
        for match in islice(_CALL.finditer(text), _MOST_CALLS):
            yield from _of_call(text, match, line + text.count("\n", 0, match.start()), bindings, load, roaming)


def of_words(text: str, line: int, bindings: Bindings, roaming: bool) -> Iterator[Ref]:
    """Words that start at the role's or the playbook's folder: what a command runs, what a module reads."""
    for name in patterns(text, bindings) if "{{" in text else ():
        words = [w for w in _WORD.findall(name) if w[0] in (ROLE_PATH, PLAYBOOK_DIR) and "/" in w]
        if words:
            yield Ref(manner="search", names=tuple(words), label=short(text), line=line, quiet=True, roaming=roaming)


def short(text: str) -> str:
    """A text as a label: one line, not too long."""
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _of_call(text: str, call: re.Match[str], line: int, bindings: Bindings, load: Load, roaming: bool) -> Iterator[Ref]:
    arguments, end = split(text, call.end())
    if not arguments:
        return
    name = (evaluate(arguments[0], {}) or ("",))[0].removeprefix("ansible.builtin.").removeprefix("ansible.legacy.")
    plugin = name.rsplit(".", 1)[-1]
    if plugin in _NO_FILES or DYNAMIC in plugin:
        return
    kind = KINDS.get(plugin) or Kind("search", "files")
    keywords = {m[1]: argument[m.end() :] for argument in arguments[1:] if (m := _KEYWORD.match(argument))}
    terms = [argument for argument in arguments[1:] if not _KEYWORD.match(argument)]
    if plugin in _BY_KEYWORD:
        terms = [keywords["file"]] if "file" in keywords else []
    found = [value for term in terms for value in values_of(term, bindings)]
    if plugin == "first_found" and "files" in keywords:
        found += values_of(keywords["files"], bindings)
    folders = values_of(keywords["paths"], bindings) if plugin == "first_found" and "paths" in keywords else []
    quiet = plugin not in KINDS or "errors" in keywords or "skip" in keywords or "{{" in "".join(found)
    if plugin not in KINDS:
        found = [value for value in found if DYNAMIC not in value]
    label = short(text[call.start() : end + 1])
    if kind.manner == "first" and any(DYNAMIC in name for name in found):
        kind = Kind("first", _FOLDERS[load])
    ref = of_lookup(kind, found, label, line, quiet=quiet, load=load, folders=folders)
    if ref is not None:
        yield msgspec.structs.replace(ref, roaming=roaming)


def of_lookup(
    kind: Kind, names: list[str], label: str, line: int, *, quiet: bool, load: Load, folders: list[str] | None = None
) -> Ref | None:
    """One lookup of names; None when there are none."""
    if kind.manner == "first":
        names = [part.strip() for name in names for part in re.split("[,;]", name)]
        names = [f"{folder}/{name}" for folder in folders for name in names] if folders else names
    if kind.manner == "words":
        names = [word for name in names for word in _WORD.findall(name)]
    names = [name for name in dict.fromkeys(names) if name]
    quiet = quiet or kind.manner in ("glob", "words")
    return (
        Ref(
            manner="search" if kind.manner == "words" else kind.manner,
            names=tuple(name for name in names if kind.manner != "words" or DYNAMIC not in name),
            label=label,
            line=line,
            where=kind.where,
            load=load if kind.manner in ("first", "glob", "tree") else kind.load,
            quiet=quiet,
        )
        if names
        else None
    )


def values_of(expression: str, bindings: Bindings) -> list[str]:
    listed = elements(expression, bindings) if expression.strip().startswith("[") else None
    return listed if listed is not None else list(evaluate(expression, bindings))


def split(text: str, start: int) -> tuple[list[str], int]:
    """The arguments of a call whose bracket opens before `start`, and where it closes; none when it never does."""
    depth, quote, begin = 0, "", start
    found: list[str] = []
    for match in _SIGN.finditer(text, start, start + _LONGEST_CALL):
        sign = match[0]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign == ",":
            if depth == 0:
                found.append(text[begin : match.start()])
                begin = match.end()
        elif sign in ")]}":
            if depth == 0:
                last = text[begin : match.start()]
                return [*found, *([last] if last.strip() else ())], match.start()
            depth -= 1
    return [], start


def first_found_terms(node: Node | None, bindings: Bindings) -> tuple[list[str], bool]:
    """Names of `with_first_found`, in order, and whether none may be there."""
    names: list[str] = []
    skip = False
    for item in node.items if isinstance(node, Seq) else [] if node is None else [node]:
        if isinstance(item, Map):
            files = _texts_of(item.pairs.get("files"), bindings, "[,;]")
            folders = _texts_of(item.pairs.get("paths"), bindings, "[,:;]")
            names += [f"{folder}/{name}" for folder in folders for name in files] if folders else files
            skip = skip or item.true("skip") or item.text("errors") == "ignore"
        elif isinstance(item, Seq):
            inner, inner_skip = first_found_terms(item, bindings)
            names += inner
            skip = skip or inner_skip
        else:
            names += _texts_of(item, bindings, "[,;]")
    return names, skip


def _texts_of(node: Node | None, bindings: Bindings, separators: str) -> list[str]:
    nodes = node.items if isinstance(node, Seq) else [] if node is None else [node]
    found = [name for part in nodes if isinstance(part, Scalar) for name in patterns(part.text, bindings)]
    return [part.strip() for name in found for part in re.split(separators, name) if part.strip()]
