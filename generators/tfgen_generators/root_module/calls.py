"""What hand-written Terraform calls and reads: facts of single files, no judgement (that is `trust`'s).

Pure: bytes in, facts out.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from tfgen_generators.hcl.blocks import Block, read_blocks

#: Functions whose first argument names a file, or a folder.
_FILE_FUNCTIONS = frozenset(
    {
        *("file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5", "fileset"),
        *("filesha1", "filesha256", "filesha512", "templatefile"),
    }
)
_JSON_CALL = re.compile(rf"\b({'|'.join(sorted(_FILE_FUNCTIONS))})\s*\(")
_VARIABLE = re.compile(r"\bvar\.")
_QUOTED = re.compile(rb'"([^"\n]{1,400})"')
_HERE = re.compile(r"\$\{\s*path\.(?:module|root|cwd)\s*\}/*")
_REFERENCE = re.compile(r"(?<![\w.-])([A-Za-z_][\w-]*)\s*\.\s*[A-Za-z_]")
#: The pieces of an expression in which text begins and ends.
_PIECES = re.compile(r'\\.|\$\$\{|%%\{|\$\{|%\{|["{}]|[^"{}$%\\]+|[$%\\]', re.DOTALL)
#: Of a name in a folder, in bytes (NAME_MAX).
_LONGEST_NAME = 255
#: Arguments of a data source that do not say what it reads or calls.
_ASIDE = frozenset({"depends_on", "output_path", "provider"})


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing at `path:line` (0 where the format keeps none)."""

    path: str
    line: int
    name: str


class Call(Fact, frozen=True, kw_only=True):
    """A module call: `source` and `version` as written, None where not plain text ("" without a version)."""

    source: str | None
    version: str | None


class Reader(Fact, frozen=True, kw_only=True):
    """A data source or an ephemeral resource, by its type; `roots` begin the references in its arguments (`var`)."""

    roots: frozenset[str]


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one file says. `local_roots` begin the references in its `locals` blocks.

    `computed` are functions that read a file which a variable names.
    """

    calls: tuple[Call, ...] = ()
    readers: tuple[Reader, ...] = ()
    computed: tuple[Fact, ...] = ()
    local_roots: frozenset[str] = frozenset()


def is_local(source: str) -> bool:
    """Whether a source is a folder beside the module that calls it. Terraform takes a backslash for a slash."""
    return source.replace("\\", "/").startswith(("./", "../")) or source in (".", "..")


def file_facts(path: str, data: bytes) -> FileFacts:
    """The facts of the file at `path` (for the messages and its format). Raises UnreadableError."""
    calls: list[Call] = []
    readers: list[Reader] = []
    computed: list[Fact] = []
    local_roots: set[str] = set()
    for block in read_blocks(path, data):
        computed += [Fact(path=path, line=block.line, name=name) for name in _reads_by_variable(block)]
        if block.kind == "module":
            calls.append(_call(path, block))
        elif block.kind == "locals":
            local_roots |= _roots(block)
        readers += [_reader(path, one) for one in (block, *block.nested()) if _reads(one)]
    return FileFacts(
        calls=tuple(calls), readers=tuple(readers), computed=tuple(computed), local_roots=frozenset(local_roots)
    )


def paths_in(data: bytes) -> frozenset[str]:
    """The texts in quotes that may name a file or a folder, relative to the module or to the root module.

    What is computed at the end is cut off: then it is the folder around it that counts.
    """
    found: set[str] = set()
    for match in _QUOTED.finditer(data):
        text = _HERE.sub("", match.group(1).decode("utf-8", "replace"))
        plain, sign, _ = text.partition("${")
        path = plain.rpartition("/")[0] if sign else plain
        if path and not path.startswith("/") and "\0" not in path and _may_be_there(path):
            found.add(path)
    return frozenset(found)


def _may_be_there(path: str) -> bool:
    """Whether each name in it is short enough for a file: longer text (a description) is asked for nowhere."""
    return all(len(name.encode()) <= _LONGEST_NAME for name in path.split("/"))


def folder_of(caller: str, source: str) -> str:
    """The folder that the local `source` means in a module whose folder is `caller`; it may begin with `../`."""
    return posixpath.normpath(posixpath.join(caller, source.replace("\\", "/")))


def _call(path: str, block: Block) -> Call:
    source, version = block.attributes.get("source"), block.attributes.get("version")
    return Call(
        path=path,
        line=source.line if source else block.line,
        name=block.labels[0] if block.labels else "",
        source=source.plain if source else None,
        version=version.plain if version else "",
    )


def _reads(block: Block) -> bool:
    """In a `check` a data source stands within another block."""
    return block.kind in ("data", "ephemeral") and len(block.labels) == 2


def _reader(path: str, block: Block) -> Reader:
    return Reader(path=path, line=block.line, name=block.labels[0], roots=_roots(block))


def _roots(block: Block) -> frozenset[str]:
    """The names that begin the references in the arguments of `block`, at any depth; too many rather than too few."""
    values = [value for one in (block, *block.nested()) for name, value in one.attributes.items() if name not in _ASIDE]
    texts = (_code(value.text) if value.line else value.text for value in values if value.plain is None)
    return frozenset(root for text in texts for root in _REFERENCE.findall(text))


def _code(text: str) -> str:
    """An expression without what is text in it; all of it where that is not sure."""
    if "<<" in text:
        return text
    inside, kept = list[str](), list[str]()
    for piece in _PIECES.findall(text):
        in_text = inside[-1:] == ['"']
        if piece == '"' and in_text:
            inside.pop()
        elif piece == '"' or (piece in ("${", "%{") and in_text) or (piece == "{" and not in_text):
            inside.append(piece)
        elif piece == "}" and not in_text and inside:
            inside.pop()
        elif not in_text:
            kept.append(piece)
            continue
        kept.append(" ")
    return text if inside else "".join(kept)


def _reads_by_variable(block: Block) -> Iterator[str]:
    """The functions in `block` that read a file whose name a variable has a part in."""
    if block.line == 0:
        for part in block.text.split(")"):  # up to there a variable counts as one of the call's
            call = _JSON_CALL.search(part)
            if call and _VARIABLE.search(part, call.end()):
                yield call[1]
        return
    words = block.text.split(" ")
    for number, word in enumerate(words):
        if word.removeprefix("core::") in _FILE_FUNCTIONS and words[number + 1 : number + 2] == ["("]:
            depth, at = 1, number + 2
            while depth and at < len(words):
                depth += (words[at] == "(") - (words[at] == ")")
                if words[at : at + 2] == ["var", "."]:
                    yield word
                    break
                at += 1
