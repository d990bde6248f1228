"""The modules that a root module or a pipeline reaches through local sources, and what their expressions are worth."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from tfgen_generators.hcl.expressions import AnyExpression
from tfgen_generators.hcl.terraform_files import is_override, is_terraform
from tfgen_generators.module.evaluation import Look, evaluate
from tfgen_generators.module.terraform_file import Arguments, ModuleCall, TerraformFile, read_values
from tfgen_generators.module.values import ANCHOR, CLOSE, OPEN, UNKNOWN, Value, Values, close, elements, part_of
from tfgen_generators.trees.linked import LinkedTree

#: Gives the facts of the file at a path; None to leave it out.
Load = Callable[[str], TerraformFile | None]
_MOST_INSTANCES = 2000
_LOCAL = re.compile(r"\.\.?(?:$|[/\\])")


class ModuleFolder:
    """All files of one module's folder together, an override's values over the others'; none `left_out` by its name."""

    def __init__(
        self, tree: LinkedTree, folder: str, load: Load, left_out: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.tree, self.folder = tree, folder
        self.files: dict[str, TerraformFile] = {}
        names = [name for name in tree.names(folder) if is_terraform(name) and not left_out(name)]
        for name in sorted(names, key=lambda name: (is_override(name), name)):
            path = name if folder == "." else f"{folder}/{name}"
            found = load(path) if tree.kind(path) == "file" else None
            if found is not None:
                self.files[path] = found
        self.locals = {name: value for file in self.files.values() for name, (_, value) in file.locals.items()}
        self.outputs = {name: value for file in self.files.values() for name, value in file.outputs.items()}
        self.variables: dict[str, AnyExpression | None] = {}
        for file in self.files.values():
            for name, default in file.variables.items():
                self.variables[name] = default or self.variables.get(name)

    def calls(self) -> Iterator[tuple[str, ModuleCall]]:
        """Path and call; one with an override has two sources."""
        for path, file in self.files.items():
            for call in file.calls:
                yield path, call

    def blocks(self) -> Iterator[tuple[str, Arguments]]:
        """Path and block."""
        for path, file in self.files.items():
            for block in file.blocks:
                yield path, block

    @cached_property
    def set_values(self) -> dict[str, list[AnyExpression]]:
        """What its files of values set: they count in a root module."""
        found: dict[str, list[AnyExpression]] = {}
        for name in self.tree.names(self.folder):
            if name in ("terraform.tfvars", "terraform.tfvars.json") or name.endswith(
                (".auto.tfvars", ".auto.tfvars.json")
            ):
                path = name if self.folder == "." else f"{self.folder}/{name}"
                try:
                    values = read_values(path, self.tree.read(path))
                except OSError:
                    continue
                for key, value in values.items():
                    found.setdefault(key, []).append(value)
        return found


class Modules:
    """The modules of one tree where Terraform runs in the folder `root`; each folder is read once.

    Files of the root are `left_out` by their names.
    """

    def __init__(
        self, tree: LinkedTree, root: str, load: Load, left_out: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.tree, self.load, self._left_out = tree, load, left_out
        self.root = tree.real(root) if tree.kind(root) == "folder" else root
        self._folders: dict[str, ModuleFolder] = {}
        self._instances = 0
        #: Whether calls of modules were not followed.
        self.has_left_out = False

    def folder(self, folder: str) -> ModuleFolder:
        """The files of the module in a folder."""
        if folder not in self._folders:
            left_out = (self._left_out,) if folder == self.root else ()
            self._folders[folder] = ModuleFolder(self.tree, folder, self.load, *left_out)
        return self._folders[folder]

    def root_module(self) -> Instance:
        """The root module itself."""
        return Instance(self, self.root, None, {}, kind="root")

    def pipeline_module(self, folder: str, given: Callable[[str], Sequence[str]]) -> Instance:
        """The module that each pipeline calls: its variables are open; `given` has what any pipeline gives to one."""
        return Instance(self, folder, None, {}, kind="pipeline", given=given)

    def may_have_more(self) -> bool:
        """Whether there is room for one more call."""
        self._instances += 1
        self.has_left_out |= self._instances > _MOST_INSTANCES
        return not self.has_left_out


def local_folder(caller: str, source: str) -> str | None:
    """The folder that a source means in a module whose folder is `caller`; None for one that is not local."""
    source = source.strip().replace("\\", "/")
    return posixpath.normpath(posixpath.join(caller, source)) if _LOCAL.match(source) else None


class Instance:
    """One call of a module: its folder, and what its expressions are worth there."""

    def __init__(
        self,
        modules: Modules,
        folder: str,
        caller: Look | None,
        arguments: Mapping[str, AnyExpression],
        *,
        kind: str = "child",
        above: frozenset[str] = frozenset(),
        given: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self.modules, self.folder, self.kind = modules, folder, kind
        self._above = above | {folder}
        self.given = given or (lambda _: [UNKNOWN])
        self.files = modules.folder(folder)
        self._caller, self._arguments = caller, arguments
        self._known: dict[tuple[str, ...], Values] = {}
        self._called: dict[tuple[str, str], Instance] = {}

    def look(self, names: tuple[str, ...], depth: int = 0) -> Values:
        """The values of a reference."""
        if names[:2] in (("path", "module"), ("path", "root"), ("path", "cwd")):
            return [ANCHOR + (self.folder if names[1] == "module" else self.modules.root)]
        if names[0] in ("local", "var") and len(names) > 1:
            if names[:2] not in self._known:
                self._known[names[:2]] = [UNKNOWN]  # one that is made of itself
                self._known[names[:2]] = self._value(names[0], names[1], depth)
            return [part for value in self._known[names[:2]] for part in part_of(value, names[2:])]
        if names[0] == "module" and len(names) > 2:
            return self._output(names, depth)
        return self._attribute(names, depth)

    def _value(self, kind: str, name: str, depth: int) -> Values:
        if kind == "local":
            if name not in self.files.locals:  # Terraform refuses that, but for in try()
                return [UNKNOWN] if any(file.problem for file in self.files.files.values()) else []
            return evaluate(self.files.locals[name], self.look, depth)
        if self.kind == "pipeline":
            return [f"{OPEN}{name}{CLOSE}"]
        if self._caller is not None and name in self._arguments:
            return evaluate(self._arguments[name], self._caller, depth) or self.default(name)
        given = self.files.set_values.get(name, []) if self.kind == "root" else []
        return [value for one in given for value in evaluate(one, self.look, depth)] + list(self.default(name))

    def default(self, name: str) -> Values:
        """What a variable has that nobody sets; none where it is null."""
        default = self.files.variables.get(name)
        if default is None:
            return [] if self.kind == "root" and name in self.files.set_values else [UNKNOWN]
        return evaluate(default, self.look)

    def _output(self, names: tuple[str, ...], depth: int) -> Values:
        found: list[Value] = []
        name = next((one for one in names[2:] if one != "*"), "")
        for child in self.children(names[1]):
            if name not in child.files.outputs:
                return [UNKNOWN]
            values = evaluate(child.files.outputs[name], child.look, depth + 1)
            found += [part for value in values for part in part_of(value, names[names.index(name) + 1 :])]
        return found or [UNKNOWN]

    def _attribute(self, names: tuple[str, ...], depth: int) -> Values:
        """An attribute of a block that says where its file stands."""
        labels = names[1:3] if names[0] in ("data", "ephemeral") else names[:2]
        rest = [name for name in names[len(labels) + (labels != names[:2]) :] if name != "*"]
        found: list[Value] = []
        for _, block in self.files.blocks():
            if block.labels == tuple(labels) and rest:
                look = with_each(self.look, block.each, depth)
                for name, _, value in block.named:
                    if name == rest[-1]:
                        found += evaluate(value, look, depth + 1)
        return found or [UNKNOWN]

    def children(self, name: str = "") -> Iterator[Instance]:
        """The modules that it calls by a local source (only the call `name`, if given)."""
        for _, call in self.files.calls():
            if not name or call.name == name:
                for source in self.sources(call):
                    folder = local_folder(self.folder, source) if UNKNOWN not in source else None
                    if folder is not None and self.is_there(folder, call):
                        yield self.child(folder, call)

    def sources(self, call: ModuleCall) -> list[str]:
        """The texts that the source of a call may be."""
        values = evaluate(call.source, self.look) if call.source is not None else []
        texts = (value if isinstance(value, str) else UNKNOWN for value in values)
        closed = (one for text in texts for one in close(text, self.given))
        return list(dict.fromkeys(text.replace(ANCHOR, UNKNOWN) for text in closed))

    def child(self, folder: str, call: ModuleCall) -> Instance:
        """The module in `folder` as `call` calls it."""
        if (call.name, folder) not in self._called:
            look = with_each(self.look, call.each, 0)
            self._called[call.name, folder] = Instance(
                self.modules, folder, look, call.arguments, above=self._above, given=self.given
            )
        return self._called[call.name, folder]

    def is_there(self, folder: str, call: ModuleCall) -> bool:
        """Whether a module may be called in `folder`: not by itself, which would have no end."""
        if folder in self._above or self.modules.tree.kind(folder) != "folder":
            return False
        return (call.name, folder) in self._called or self.modules.may_have_more()


def with_each(look: Look, each: AnyExpression | None, depth: int) -> Look:
    """`look` in a block with `for_each`."""
    if each is None:
        return look
    pairs = elements(evaluate(each, look, depth + 1))
    values = [value for _, value in pairs]
    known: dict[str, Value] = {"key": tuple(key for key, _ in pairs), "value": tuple(values)}

    def inner(names: tuple[str, ...], asked: int) -> Values:
        if names[0] == "each" and len(names) > 1 and names[1] in known:
            return [part for value in known[names[1]] for part in part_of(value, names[2:])]
        return look(names, asked)

    return inner
