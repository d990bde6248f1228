"""What hand-written Terraform brings in from elsewhere, or lets act: facts of single files, no judgement.

Pure: bytes in, facts out. Who judges compares two sets of facts (see `tfgen.untrusted.checks`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tfgen_generators.hcl.blocks import Attribute, Block, read_blocks

#: Blocks whose first label is a type that a provider has.
_TYPED = frozenset({"action", "data", "ephemeral", "list", "resource"})
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
#: In OpenTofu's `encryption`: where their first label is `external`, they start a program.
_MAY_RUN = ("key_provider", "method")
#: The provider that is part of Terraform.
BUILT_IN = "terraform.io/builtin/terraform"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing at `path:line` (0 where the format keeps none)."""

    path: str
    line: int
    name: str


class Call(Fact, frozen=True, kw_only=True):
    """A module call: `source` and `version` as written, None where not plain text ("" without a version)."""

    source: str | None
    version: str | None


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one file says. `required` are local provider names with their source (None: not plain text).

    `used` are local names of providers that types, `provider` blocks and arguments name; `readers` types of data
    sources and ephemeral resources; `actors` what runs commands; `guarded` backend, cloud, encryption and provider
    blocks, whose `name` is their kind and label, with their whole text; `computed` functions that read a file which
    a variable names.
    """

    calls: tuple[Call, ...] = ()
    required: tuple[tuple[Fact, str | None], ...] = ()
    used: tuple[Fact, ...] = ()
    readers: tuple[Fact, ...] = ()
    actors: tuple[Fact, ...] = ()
    guarded: tuple[tuple[Fact, str], ...] = ()
    computed: tuple[Fact, ...] = ()


def is_local(source: str) -> bool:
    """Whether a module's source is a folder beside the module that calls it."""
    return source.startswith(("./", "../")) or source in (".", "..")


def file_facts(path: str, data: bytes) -> FileFacts:
    """The facts of the file at `path` (for the messages and its format). Raises UnreadableError."""
    facts = _Facts(path)
    for block in read_blocks(path, data):
        facts.add(block)
    return FileFacts(
        calls=tuple(facts.calls),
        required=tuple(facts.required),
        used=tuple(facts.used),
        readers=tuple(facts.readers),
        actors=tuple(facts.actors),
        guarded=tuple(facts.guarded),
        computed=tuple(facts.computed),
    )


def providers(files: Iterable[FileFacts]) -> Mapping[str, Fact]:
    """The sources of all providers that one module's files need -> where that stands first.

    A local name that no `required_providers` explains stands for hashicorp/NAME, as Terraform has it.
    """
    files = tuple(files)
    found: dict[str, Fact] = {}
    known: set[str] = set()
    for fact, source in (item for file in files for item in file.required):
        known.add(fact.name)
        found.setdefault(_source(fact.name, source), fact)
    for fact in (item for file in files for item in file.used):
        if fact.name not in known:
            found.setdefault(BUILT_IN if fact.name == "terraform" else f"hashicorp/{fact.name}", fact)
    return found


def _source(name: str, source: str | None) -> str:
    if source is None:
        return f"{name} (its source is not plain text)"
    if source == "":
        return BUILT_IN if name == "terraform" else f"hashicorp/{name}"
    return source.lower() if "/" in source else f"hashicorp/{source.lower()}"


def paths_in(data: bytes) -> frozenset[str]:
    """The texts in quotes that may name a file or a folder, relative to the module or to the root module.

    What is computed at the end is cut off: then it is the folder around it that counts.
    """
    found: set[str] = set()
    for match in _QUOTED.finditer(data):
        text = _HERE.sub("", match.group(1).decode("utf-8", "replace"))
        plain, sign, _ = text.partition("${")
        path = plain.rpartition("/")[0] if sign else plain
        if path and not path.startswith("/") and "\0" not in path:
            found.add(path)
    return frozenset(found)


def folder_of(caller: str, source: str) -> str:
    """The folder that the local `source` means in a module whose folder is `caller`; it may begin with `../`."""
    return posixpath.normpath(posixpath.join(caller, source))


class _Facts:
    def __init__(self, path: str) -> None:
        self.path = path
        self.calls: list[Call] = []
        self.required: list[tuple[Fact, str | None]] = []
        self.used: list[Fact] = []
        self.readers: list[Fact] = []
        self.actors: list[Fact] = []
        self.guarded: list[tuple[Fact, str]] = []
        self.computed: list[Fact] = []

    def add(self, block: Block) -> None:
        label = block.labels[0] if block.labels else ""
        self.computed += [self._fact(block.line, name) for name in _reads_by_variable(block)]
        if block.kind == "module":
            self.calls.append(self._call(block, label))
        elif block.kind == "terraform":
            self._settings(block)
        elif block.kind == "provider":
            self._guard(block)
            self.used.append(self._fact(block.line, label))
        elif block.kind in _TYPED:
            self._typed(block)
        for inner in block.nested():
            self._inner(block, inner)

    def _inner(self, outer: Block, block: Block) -> None:
        kind = block.labels[0] if block.kind == "dynamic" and block.labels else block.kind
        runs = kind in _MAY_RUN and block.labels[:1] == ("external",) and outer.kind == "terraform"
        if runs or kind == "provisioner" or (kind == "connection" and outer.kind in ("resource", "removed")):
            name = " ".join([kind, *block.labels]) if kind == block.kind else kind
            self.actors.append(self._fact(block.line, name))
        elif kind in _TYPED and len(block.labels) == 2:
            self._typed(block)

    def _call(self, block: Block, label: str) -> Call:
        source, version = block.attributes.get("source"), block.attributes.get("version")
        return Call(
            path=self.path,
            line=source.line if source else block.line,
            name=label,
            source=source.plain if source else None,
            version=version.plain if version else "",
        )

    def _settings(self, block: Block) -> None:
        for inner in block.blocks:
            if inner.kind in ("backend", "cloud", "encryption"):
                self._guard(inner)
            elif inner.kind == "required_providers":
                self.required += [self._requirement(name, value) for name, value in inner.attributes.items()]

    def _requirement(self, name: str, value: Attribute) -> tuple[Fact, str | None]:
        fact = self._fact(value.line, name)
        if value.items is None:
            return fact, "" if value.plain is not None else None  # `aws = "~> 3"`: a version alone
        source = value.items.get("source")
        return fact, source.plain if source else ""

    def _typed(self, block: Block) -> None:
        label = block.labels[0] if block.labels else ""
        if block.kind in ("data", "ephemeral"):
            self.readers.append(self._fact(block.line, label))
        elif block.kind == "action" and label == "local_command":
            self.actors.append(self._fact(block.line, f"action {label}"))
        chosen = block.attributes.get("provider")
        name = _local_name(chosen) if chosen else label.partition("_")[0]
        self.used.append(self._fact(block.line, name))

    def _guard(self, block: Block) -> None:
        self.guarded.append((self._fact(block.line, " ".join([block.kind, *block.labels])), block.text))

    def _fact(self, line: int, name: str) -> Fact:
        return Fact(path=self.path, line=line, name=name)


def _local_name(value: Attribute) -> str:
    """`aws` of `aws.eu`, of `"aws.eu"` and of JSON's text."""
    text = value.plain if value.plain is not None else value.text
    return text.partition(".")[0].strip(' "')


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
