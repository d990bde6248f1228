"""One template as the rules see it: its builders, provisioners and so on with their positions, each file read once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from tfgen_generators.lint.templates.json_nodes import by_packers_names, read_json_nodes
from tfgen_generators.lint.templates.native_nodes import read_native_nodes
from tfgen_generators.lint.templates.nodes import File, Key, Node
from tfgen_generators.lint.templates.values import Values
from tfgen_generators.packer.model import BrokenTemplateError
from tfgen_generators.packer.syntax.values import Expression, Value
from tfgen_generators.paths.var_files import auto_files, read_values
from tfgen_generators.settings.secrets import Variable, fetched, plain

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope
    from tfgen_generators.packer.model import Template

#: Builders of the amazon plugin that make an AMI.
AMI_BUILDERS = frozenset({"amazon-ebs", "amazon-ebssurrogate", "amazon-instance", "amazon-chroot"})
_LABELS = {"source": 2, "data": 2, "variable": 1, "local": 1, "provisioner": 1, "post-processor": 1}
_CLEANUP = "error-cleanup-provisioner"
_LABELS[_CLEANUP] = 1
_LEGACY = frozenset({"builders", _CLEANUP, "post-processors", "provisioners", "sensitive-variables"})
_LEGACY |= {"description", "min_packer_version", "variables"}


class Component:
    """A builder, data source, provisioner, post-processor or variable: its type, its own name, and where it stands."""

    __slots__ = ("kind", "name", "node")

    def __init__(self, kind: str, name: str, node: Node) -> None:
        self.kind, self.name, self.node = kind, name, node

    @property
    def makes_ami(self) -> bool:
        return self.kind in AMI_BUILDERS


class Source:
    """The files of one template together. What cannot be read (it was changed meanwhile) has nothing in it."""

    def __init__(self, scope: Scope, template: Template) -> None:
        self.template = template
        self._scope = scope
        self.files = [File(path, scope.read(path)) for path in template.members]
        roots = [self._root(file) for file in self.files]
        self.complete = None not in roots
        self.roots = [inner for root in roots if root is not None for inner in _objects(root)]
        #: The first node of each text, and of each key, once somebody has asked (`places`).
        self.index: tuple[dict[str, Node], dict[Key, Node]] | None = None
        self.is_asked = False

    def _root(self, file: File) -> Node | None:
        try:
            if file.path.endswith(".hcl"):
                return read_native_nodes(file)
            root = read_json_nodes(file, None if self.legacy else _json_leaf)
            return by_packers_names(root) if self.legacy else root
        except (BrokenTemplateError, ValueError, IndexError, RecursionError):
            return None

    @property
    def legacy(self) -> bool:
        return self.template.format == "json"

    def blocks(self, kind: str) -> Iterator[Node]:
        """HCL2's blocks of one kind at the top of the files."""
        for root in self.roots:
            yield from _expanded(root, kind)

    @cached_property
    def builds(self) -> list[Node]:
        """HCL2's builds; a legacy template is one."""
        return list(self.roots) if self.legacy else list(self.blocks("build"))

    @cached_property
    def builders(self) -> list[Component]:
        """The builders that the builds use, with what the builds add to them."""
        if self.legacy:
            return [_typed(node) for root in self.roots for node in root.tables("builders")]
        own = [
            (name, block) for build in self.builds for block in _expanded(build, "source", 1) for name in block.labels
        ]
        used = self._used()
        declared = [_labelled(block) for block in self.blocks("source")]
        found = [one for one in declared if used is None or (one.kind, one.name) in used]
        named = self._named()
        for name, block in own:
            kind, _, label = name.removeprefix("source.").partition(".")
            bases = [one for one in declared if (one.kind, one.name) == (kind, label)]
            found = [one for one in found if one not in bases or f"{kind}.{label}" in named]
            found += [Component(kind, label, one.node.overlaid(block)) for one in bases]
        return found

    def _named(self) -> set[str]:
        """TYPE.NAME of each source that a build takes as it is declared."""
        lists = [self.values.known(build.get("sources")) for build in self.builds]
        return {str(name).removeprefix("source.") for names in lists if isinstance(names, list) for name in names}

    def _used(self) -> set[tuple[str, str]] | None:
        from tfgen_generators.packer.details import decode_details
        from tfgen_generators.packer.evaluation.scope import Scope

        details = [decode_details(one) for one in self.template.details]
        return {(part.kind, part.name) for part in Scope(self.template, details).used_parts()} if details else None

    @cached_property
    def provisioners(self) -> list[Component]:
        return [*self.steps, *self._provisioners(_CLEANUP, _CLEANUP)]

    @cached_property
    def steps(self) -> list[Component]:
        """The provisioners that make the image, not those that run once one of them has failed."""
        return self._provisioners("provisioner", "provisioners")

    def _provisioners(self, block: str, legacy_key: str) -> list[Component]:
        if self.legacy:
            return [_typed(node) for root in self.roots for node in root.tables(legacy_key)]
        return [_labelled(node) for build in self.builds for node in _expanded(build, block)]

    @cached_property
    def post_processors(self) -> list[Component]:
        if self.legacy:
            return [one for root in self.roots if (node := root.find("post-processors")) for one in _in_lists(node)]
        chains = [node for build in self.builds for node in (build, *build.tables("post-processors"))]
        return [_labelled(block) for node in chains for block in _expanded(node, "post-processor")]

    @cached_property
    def data_sources(self) -> list[Component]:
        return [] if self.legacy else [_labelled(block) for block in self.blocks("data")]

    @cached_property
    def variables(self) -> list[Component]:
        """Every variable; its node is the default where that is all there is (legacy, `variables`), else the block."""
        found = [Component("", name, node) for root in self.roots for name, node in _members(root, "variables")]
        return (
            found
            if self.legacy
            else [Component("", block.labels[0], block) for block in self.blocks("variable")] + found
        )

    def default(self, variable: Component) -> Node | None:
        """Where a variable's default stands."""
        return variable.node.find("default") if variable.node.labels else variable.node

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """What the template's pipeline passes, as far as its value is written down."""
        return plain(self._passed)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The environment variables that CodeBuild fetches."""
        return frozenset(fetched(self._passed))

    @cached_property
    def _passed(self) -> Mapping[str, Variable]:
        settings = self._scope.settings
        own = settings.templates.get(self.template.name)
        return {**settings.environment, **(own.environment if own else {})}

    @cached_property
    def values(self) -> Values:
        local_values = {name: node.value() for root in self.roots for name, node in _members(root, "locals")}
        local_values |= {block.labels[0]: block.get("expression") for block in self.blocks("local") if block.labels}
        defaults = {one.name: node.value() if (node := self.default(one)) else None for one in self.variables}
        return Values(defaults, {} if self.legacy else local_values, self._given(), self.environment)

    def _given(self) -> dict[str, Value]:
        """What the pipeline sets variables to: files that Packer reads by itself, the environment, PACKER_VAR_FILE."""
        paths = auto_files(self._scope.tree, self.template.path) if self.template.kind == "directory" else []
        given = {name: value for path in paths for name, value in self._variables_of(path).items()}
        if not self.legacy:
            given |= {name[8:]: value for name, value in self.environment.items() if name.startswith("PKR_VAR_")}
            given |= {name[8:]: Expression(f"var.{name[8:]}") for name in self.secrets if name.startswith("PKR_VAR_")}
        if path := self.environment.get("PACKER_VAR_FILE"):
            given |= self._variables_of(posixpath.normpath(path))
        return given

    def _variables_of(self, path: str) -> dict[str, Value]:
        return read_values(path, self._scope.read(path)) or {}


def sources(scope: Scope) -> Iterator[Source]:
    """Every readable template that is looked at now, read once for all rules."""
    return iter(scope.passing("packer sources", lambda: [Source(scope, template) for template in scope.part]))


def source_at(scope: Scope, path: str) -> Source | None:
    """The template at `path`, or the one that `path` is a member of."""
    template = scope.once("templates by path", lambda: _by_path(scope)).get(path)
    if template is None:
        return None
    by_path: dict[str, Source] = scope.passing("packer sources by path", dict)
    if template.identity not in by_path:
        if scope.is_in_parts:
            by_path.update((source.template.identity, source) for source in sources(scope))
        else:  # questions about one template follow each other
            by_path.clear()
        by_path.setdefault(template.identity, Source(scope, template))
    return by_path[template.identity]


def _by_path(scope: Scope) -> dict[str, Template]:
    found: dict[str, Template] = {}
    for template in scope.templates:
        found[template.path] = template
        for member in template.members:
            found.setdefault(member, template)
    return found


def _json_leaf(text: str) -> Value:
    if "${" not in text and "%{" not in text:
        return text
    from tfgen_generators.packer.syntax.hcl_reader import read_template

    return read_template(text)


def _typed(node: Node) -> Component:
    kind, name = node.get("type"), node.get("name")
    return Component(str(kind), name if isinstance(name, str) and name else str(kind), node)


def _labelled(block: Node) -> Component:
    kind, name = (*block.labels, "", "")[:2]
    return Component(kind, name, block)


def _members(root: Node, key: str) -> Iterator[tuple[str, Node]]:
    for table in root.tables(key):
        yield from ((str(name), node) for name, node in (table.kids or {}).items())


def _in_lists(node: Node) -> Iterator[Component]:
    """Names, objects, and lists of both."""
    for kid in (node.kids or {}).values() if node.is_list else (node,):
        if kid.is_list:
            yield from _in_lists(kid)
        elif kid.kids is not None:
            yield _typed(kid)
        elif isinstance(kid.scalar, str):
            yield Component(kid.scalar, "", kid)


def _objects(node: Node) -> list[Node]:
    """HCL's JSON syntax has a body as one object or as a list of objects."""
    return [kid for kid in (node.kids or {}).values() if kid.kids is not None] if node.is_list else [node]


def _expanded(parent: Node, kind: str, labels: int | None = None) -> Iterator[Node]:
    """The blocks of one kind in a body: HCL's as they are, JSON's out of their nested objects; also dynamic ones."""
    node = parent.find(kind)
    if node is not None and node.path.endswith(".hcl"):
        yield from (node.kids or {}).values() if node.is_list else ()
    elif node is not None:
        yield from _json_blocks(node, _LABELS.get(kind, 0) if labels is None else labels, ())
    for dynamic in _expanded(parent, "dynamic", 1) if kind != "dynamic" else ():
        for content in dynamic.tables("content") if dynamic.labels == (kind,) else ():
            given = dynamic.get("labels")
            content.labels = tuple(str(label) for label in given) if isinstance(given, list) else ()
            yield content


def _json_blocks(node: Node, labels: int, so_far: tuple[str, ...]) -> Iterator[Node]:
    for item in (node.kids or {}).values() if node.is_list else (node,):
        if item.kids is None:
            continue
        if not labels:
            item.labels = so_far
            yield item
            continue
        for key, inner in item.kids.items():
            if not str(key).startswith("//"):
                yield from _json_blocks(inner, labels - 1, (*so_far, str(key)))
