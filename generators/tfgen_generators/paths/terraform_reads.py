"""What Terraform reads for the pipelines: the files of its modules, and those that expressions name, anywhere."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from functools import cached_property, partial

import msgspec

from tfgen_generators.generated.ownership import is_generated
from tfgen_generators.hcl.expression_reader import expression_of
from tfgen_generators.module.configuration import Instance, Modules, local_folder
from tfgen_generators.module.evaluation import evaluate
from tfgen_generators.module.file_reads import Pattern, Read, pattern_of
from tfgen_generators.module.reads import expression_reads, reads_of
from tfgen_generators.module.terraform_file import TerraformFile, read_terraform
from tfgen_generators.module.tree_of_modules import Reached, reach_modules
from tfgen_generators.module.values import OPEN, UNKNOWN, Value, close, texts_in
from tfgen_generators.paths.model import Edge, Unit
from tfgen_generators.pipeline.pipeline import DEFAULT_INPUTS
from tfgen_generators.settings.inputs import Expression, Fact, Input, Literal
from tfgen_generators.settings.inputs import Pattern as NamePattern
from tfgen_generators.settings.model import FILE_NAME, Dispatcher, Settings, Shared
from tfgen_generators.trees.linked import LinkedTree, files_below
from tfgen_generators.trees.store import Store

#: What of a module is not part of what it makes, unless something reads it.
_ASIDE = frozenset({"examples", "tests", ".terraform", ".git"})
#: Changes with what is kept of a file.
_FORMAT = 1


class TerraformReads:
    """Of one tree and its tfgen.toml. `root` is the root module's folder in the tree."""

    def __init__(self, tree: LinkedTree, settings: Settings, store: Store, root: str = "") -> None:
        self._tree, self._settings, self._store = tree, settings, store
        # What tfgen generates says what tfgen.toml says.
        self._modules = Modules(tree, root or settings.terraform_dir, partial(_load, tree, store), is_generated)
        self._expressions: dict[str, list[Read]] = {}

    @cached_property
    def _root(self) -> Instance:
        return self._modules.root_module()

    @cached_property
    def _pipeline(self) -> Instance | None:
        folder = local_folder(self._modules.root, self._settings.module.source)
        if folder is None or self._tree.kind(folder) != "folder":
            return None
        return self._modules.pipeline_module(folder, self._of_any)

    @cached_property
    def _reached(self) -> Reached:
        return reach_modules(self._pipeline) if self._pipeline else Reached()

    def everything(self) -> Reached:
        """All that a plan reads, but for what single images read."""
        tops = [self._root]
        called: list[Dispatcher | Shared] = [self._settings.dispatcher] if self._settings.trigger == "affected" else []
        for each in [*called, *([self._settings.shared] if self._settings.shared.is_on else [])]:
            folder = local_folder(self._modules.root, each.source)
            if folder is not None and self._tree.kind(folder) == "folder":
                tops.append(Instance(self._modules, folder, None, {}))
        found = reach_modules(*tops)
        own = self._reached
        inputs = (*self._settings.dispatcher.inputs.values(), *self._settings.shared.inputs.values())
        dispatched = [value.text for value in inputs if isinstance(value, Expression)]
        reads = [*found.reads, *(read for text in dispatched for read in self._of_expression(text)), *own.reads]
        if self._modules.has_left_out:
            found.unreadable[self._modules.root] = "calls too many modules"
        return Reached(
            {**found.folders, **own.folders},
            dict.fromkeys(read for read in reads if OPEN not in read.text),
            [*found.anywhere, *own.anywhere],
            {**found.unreadable, **own.unreadable},
            [*found.outside, *own.outside],
        )

    @cached_property
    def module(self) -> Unit | None:
        """The files of a local module, of the local modules that it calls, and what they read for every image."""
        if self._pipeline is None:
            return None
        files: dict[str, Edge] = {}
        for called in self._reached.folders.values():
            edge = Edge(path=called.path, line=called.line, label=called.label, widened=called.widened)
            for path in module_files(self._tree, called.folder):
                files.setdefault(path, edge)
        for read in self._reached.reads:
            if OPEN not in read.text:
                self._add(files, read)
        return Unit(key=f"module {self._pipeline.folder}", files=files) if files else None

    @cached_property
    def root(self) -> Unit | None:
        """What the hand-written files of the root module read, which is there for all images."""
        files: dict[str, Edge] = {}
        for read in reads_of(self._root):
            self._add(files, read)
        return Unit(key=f"root module {self._modules.root}", files=files) if files else None

    def _add(self, files: dict[str, Edge], read: Read) -> None:
        for pattern, edge in self._meant(read):
            for path in pattern.files(self._tree):
                files.setdefault(path, edge)

    def _meant(self, read: Read) -> Iterator[tuple[Pattern, Edge]]:
        pattern = pattern_of(read.text, self._modules.root, with_folder=read.with_folder)
        if pattern is not None:
            yield pattern, Edge(path=read.path, line=read.line, label=read.label, widened=pattern.widened)

    @cached_property
    def digest(self) -> str:
        """What changes with all that this gives for some image."""
        root = self._root.files
        scope = [(path, file.locals, file.blocks) for path, file in root.files.items()]
        own = self._pipeline.files.variables if self._pipeline else {}
        text = msgspec.msgpack.encode((self.module, self.root, list(self._open), scope, root.set_values, own))
        return hashlib.sha256(text).hexdigest()

    @cached_property
    def _open(self) -> Sequence[Read]:
        return [read for read in self._reached.reads if OPEN in read.text]

    def of_image(self, name: str, path: str) -> Iterator[tuple[Pattern, Edge]]:
        """What Terraform reads for one image alone: by its inputs, and by the expressions among them."""
        for read in self._open:
            label = close(read.label, lambda variable: [f"var.{variable}"])[0]
            for text in close(read.text, lambda variable: self._values(variable, name, path)):
                yield from self._meant(msgspec.structs.replace(read, text=text, label=label))
        for key, text in self._of_settings(name):
            for read in self._of_expression(text):
                line = self._settings.line(*key) if read.path == FILE_NAME else read.line
                yield from self._meant(msgspec.structs.replace(read, line=line))

    def _of_settings(self, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """The expressions of an image in tfgen.toml, each with its place."""
        own = self._settings.templates.get(name)
        if own and own.names.account_id is not None:
            yield ("templates", name, "names", "account_id"), own.names.account_id
        else:
            yield ("names", "account_id"), self._settings.names.account_id
        if isinstance(self._settings.connection_arn, Expression):
            yield ("connection_arn",), self._settings.connection_arn.text
        yield from ((key, value.text) for key, value in self._inputs(name) if isinstance(value, Expression))

    def for_all(self) -> Iterator[tuple[Pattern, str]]:
        """What is read for every image, there or not, and where that is said: folders of modules, files by names."""
        source = local_folder(self._modules.root, self._settings.module.source)
        if source is not None:
            yield Pattern(source, with_folder=True), f"{FILE_NAME}:{self._settings.line('module', 'source')}"
        for called in self._reached.folders.values():
            if called.path:
                yield Pattern(called.folder, with_folder=True), f"{called.path}:{called.line}"
        for read in (*self._reached.reads, *reads_of(self._root)):
            if OPEN not in read.text:
                yield from ((pattern, f"{read.path}:{read.line}") for pattern, _ in self._meant(read))

    def reader_below(self, folder: str) -> str:
        """Who reads for all images what may stand in `folder`, "" when nobody does. It need not be there."""
        return next((where for pattern, where in self.for_all() if pattern.may_be_below(folder)), "")

    def _of_expression(self, text: str) -> list[Read]:
        if text not in self._expressions:
            value = expression_of(text)
            self._expressions[text] = list(dict.fromkeys(expression_reads(self._root, FILE_NAME, 0, value)))
        return self._expressions[text]

    def _inputs(self, name: str) -> Iterator[tuple[tuple[str, ...], Input]]:
        """The inputs of an image, each with its place in tfgen.toml."""
        own = self._settings.templates.get(name)
        tables = (
            (("templates", name, "inputs"), own.inputs if own else {}),
            (("inputs",), self._settings.inputs),
            (("module", "inputs"), self._settings.module.inputs or {}),
        )
        seen: set[str] = set()
        for path, table in tables:
            for key, value in table.items():
                if key not in seen:
                    seen.add(key)
                    yield (*path, key), value

    def _of_any(self, variable: str) -> list[str]:
        """The texts that a variable of the pipelines' module may have for any image."""
        names = [name for name, own in self._settings.templates.items() if variable in own.inputs]
        found = [text for name in ("", *names) for text in self._values(variable, name, "")]
        return list(dict.fromkeys(found))

    def _values(self, variable: str, name: str, path: str) -> list[str]:
        """The texts that a variable of the pipelines' module may have for an image."""
        given = next((value for key, value in self._inputs(name) if key[-1] == variable), None)
        if given is None and self._settings.module.inputs is None:
            given = DEFAULT_INPUTS.get(variable)
        if given is None:
            default = self._pipeline.default(variable) if self._pipeline else [UNKNOWN]
            return [text for value in default for text in texts_in(value)]
        return self._texts(given, name, path)

    def _texts(self, given: Input, name: str, path: str) -> list[str]:
        if isinstance(given, Literal):
            return texts_in(_value(given.value))
        if isinstance(given, Expression):
            return [text for value in evaluate(expression_of(given.text), self._root.look) for text in texts_in(value)]
        if isinstance(given, NamePattern):
            plain = given.text.replace("{name}", name or UNKNOWN).replace("{account_id}", UNKNOWN)
            return [plain.replace("{{", "{").replace("}}", "}")]
        known = {"name": name, "path": path} if isinstance(given, Fact) else {}
        return [known.get(given.name, "") or UNKNOWN] if isinstance(given, Fact) else [UNKNOWN]


def _value(given: object) -> Value:
    if isinstance(given, dict):
        return {str(key): _value(item) for key, item in given.items()}
    if isinstance(given, list | tuple):
        return tuple(map(_value, given))
    return given if isinstance(given, str) else str(given)


def module_files(tree: LinkedTree, folder: str) -> Iterator[str]:
    """The files of a module's folder that have a part in what it makes."""
    for path in files_below(tree, folder):
        inner = path[len(folder) + 1 :] if folder != "." else path
        parts = inner.split("/")
        if _ASIDE.intersection(parts[:-1]) or parts[-1].startswith(".terraform"):
            continue
        if not (parts[-1].upper().startswith("README") or parts[-1].lower().endswith(".md")):
            yield path


def literal_paths(value: Input, terraform_dir: str) -> Iterator[str]:
    """The paths that the texts of a literal input may be: from the repository's root, and where Terraform runs."""
    if isinstance(value, Literal):
        for text in texts_in(_value(value.value)):
            if text and not text.startswith(("/", "~")) and "\0" not in text:
                yield posixpath.normpath(text)
                yield posixpath.normpath(f"{terraform_dir}/{text}")


def _load(tree: LinkedTree, store: Store, path: str) -> TerraformFile | None:
    """The facts of a file, kept by its content."""
    try:
        kept = store.get(
            f"terraform {_FORMAT} {path.endswith('.json')}: {tree.digest(path)}",
            lambda: msgspec.msgpack.encode(read_terraform(path, tree.content(tree.real(path)))),
        )
        return msgspec.msgpack.decode(kept, type=TerraformFile)
    except (OSError, RecursionError):
        return TerraformFile(problem="cannot be read")
