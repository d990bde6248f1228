"""Builds the graph of one tree: every template with its files, playbooks, roles and what its pipeline is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.ansible.reading.facts import FactsSource
from tfgen_generators.generated.ownership import file_name
from tfgen_generators.graph.graph import Graph, ImageNode, aliases_of
from tfgen_generators.graph.missing import MissingReferences
from tfgen_generators.graph.pipelines import Pipelines
from tfgen_generators.packer.model import Discovery, Template
from tfgen_generators.paths.buildspec import Buildspec, read_buildspec
from tfgen_generators.paths.model import Edge, Unit
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.pipeline_files import buildspec_of, named_inputs
from tfgen_generators.paths.terraform_reads import TerraformReads
from tfgen_generators.paths.values.sources import ValueSources
from tfgen_generators.settings.model import FILE_NAME, Module, Settings
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.store import Store

if TYPE_CHECKING:
    from tfgen_generators.ansible.resolving.resolver import Resolver
    from tfgen_generators.ansible.resolving.run import AnsibleRun
    from tfgen_generators.graph.image import ImageBuilder
    from tfgen_generators.graph.local_files import LocalFiles
    from tfgen_generators.paths.template_inputs import TemplateInputs
    from tfgen_generators.paths.working_dir import WorkingDirs

__all__ = ["Graph", "build_graph"]


def build_graph(
    root: Path,
    tree: LinkedTree,
    discovery: Discovery,
    settings: Settings | None,
    facts: FactsSource | None = None,
    store: Store | None = None,
) -> Graph:
    """The graph of all templates of `discovery`, which must have their details. Reads `tree`, starts nothing.

    `facts` and `store` remember between runs. Without `settings` (no tfgen.toml) there are no pipelines: only what the
    templates name counts.
    """
    del root
    return Builder(tree, settings, facts or FactsSource(tree), store or Store()).build(discovery.templates)


class Builder:
    """Builds images on one tree, one after the other. What resolves is imported with the first of them."""

    def __init__(
        self,
        tree: LinkedTree,
        settings: Settings | None,
        facts: FactsSource,
        store: Store,
        terraform: TerraformReads | None = None,
    ) -> None:
        self.tree, self.settings, self.store = tree, settings, store
        self._facts = facts
        self.units: dict[str, Unit] = {}
        self.missing_references = MissingReferences(tree)
        self.path_resolver = PathResolver(tree)
        self.buildspecs: dict[str, Buildspec] = {}
        self.terraform = terraform or (TerraformReads(tree, settings, store) if settings else None)
        #: Template's identity -> the environment variables that it reads, and the templates that it builds on its way
        #: (paths; some may be none), with all that these read and build.
        self.reads: dict[str, tuple[str, ...]] = {}
        self.nested: dict[str, tuple[str, ...]] = {}
        self.pipelines = Pipelines(tree, settings)
        self._local: dict[str, LocalFiles] = {}
        self._local_files: dict[object, LocalFiles] = {}
        self.templates: dict[str, Template] = {}

    @cached_property
    def resolver(self) -> Resolver:
        """What runs of Ansible reach."""
        from tfgen_generators.ansible.resolving.resolver import Resolver

        return Resolver(self.tree, self._facts)

    @cached_property
    def working_dirs(self) -> WorkingDirs:
        """Where Packer runs."""
        from tfgen_generators.paths.working_dir import WorkingDirs

        return WorkingDirs(self.path_resolver, self.settings)

    def build(self, templates: Iterable[Template]) -> Graph:
        """The whole graph."""
        nodes = self.nodes(templates)
        units = self.all_units()
        return Graph(
            nodes, units, self.missing_references.all(), self.resolver.unused_roles(), aliases_of(units, self.tree)
        )

    def nodes(self, templates: Iterable[Template]) -> list[ImageNode]:
        """The images of `templates`; their units and missing references are then known too."""
        templates = list(templates)
        if not templates:
            return []
        self.templates.update((template.path, template) for template in templates)
        images = [self._image(template) for template in templates]
        runs: dict[AnsibleRun, list[str]] = {}
        for image, found in images:
            for ansible_run in found:
                runs.setdefault(ansible_run, []).append(image.name)
        for missing, ansible_run in self.resolver.missing:
            if ansible_run in runs:  # what only may be run lacks nothing for sure
                self.missing_references.add(missing, runs[ansible_run])
        return [image for image, _ in images]

    def all_units(self) -> dict[str, Unit]:
        """Every unit that an image reaches so far."""
        return {**self.resolver.units, **self.units}

    def _image(self, template: Template) -> tuple[ImageNode, list[AnsibleRun]]:
        from tfgen_generators.graph.image import ImageBuilder

        builder = ImageBuilder(
            self.tree, self.path_resolver, self.resolver, self.units, self.missing_references, template
        )
        builder.local_files = self._local_files
        buildspec, edge = self._buildspec(template)
        if template.errors or len(template.details) != len(template.members):
            builder.members()
            problem = str(template.errors[0]) if template.errors else "the template cannot be read"
        else:
            builder.members()
            for path, named in self.pipelines.named_files(template):
                builder.file(path, named)
            self._uses(builder, template, buildspec)
            problem = ""
        self._of_pipeline(builder, template, buildspec, edge)
        node = ImageNode(
            name=template.name,
            template=template.path,
            source=template.source,
            members=template.members,
            reached=builder.finish(),
            problem=problem,
        )
        return node, builder.runs

    def _uses(self, builder: ImageBuilder, template: Template, buildspec: Buildspec | None) -> None:
        """All that the template names, and what those name that are built on the way."""
        from tfgen_generators.paths.working_dir import narrowed

        given = buildspec.variables if buildspec else {}
        environment = {name: value for name, (value, _) in self.pipelines.environment(template).items()}
        done: set[str] = set()
        reads: dict[str, None] = {}
        pending = [template]
        while pending:
            one = pending.pop()
            done.add(one.path)
            inputs = self._wants(one, self.pipelines.surroundings(template, buildspec))
            reads |= dict.fromkeys(inputs.reads)
            working = self.working_dirs.find(one, buildspec, environment)
            working = narrowed(working, inputs.needed, lambda path: bool(self.tree.kind(path)))
            builder.uses(inputs, {**given, **environment}, working)
            nested = [self.templates[path] for path in builder.nested if path in self.templates]
            pending = [other for other in nested if other.path not in done and not other.errors]
        self.reads[template.identity], self.nested[template.identity] = tuple(reads), tuple(builder.nested)

    def _wants(self, template: Template, around: ValueSources) -> TemplateInputs:
        """What the template names, by its content and by what around it decides something."""
        unsure = None if around.unsure is None else sorted(around.unsure)
        own = (template.path, template.kind, template.digest, template.members)
        key = _digest((own, unsure, sorted(around.set_values.items())))
        known = self.store.find(f"reads:{key}")
        reads: list[str] = msgspec.msgpack.decode(known, type=list[str]) if known else []
        from tfgen_generators.paths.template_inputs import TemplateInputs, template_inputs_of

        found = self.store.find(_wants_key(key, reads, around)) if known else None
        if found is not None:
            return msgspec.msgpack.decode(found, type=TemplateInputs)
        from tfgen_generators.packer.details import decode_details

        inputs = template_inputs_of(template, [decode_details(one) for one in template.details], around)
        reads = sorted({*reads, *inputs.reads})
        inputs = msgspec.structs.replace(inputs, reads=tuple(reads))
        self.store.put(f"reads:{key}", msgspec.msgpack.encode(reads))
        self.store.put(_wants_key(key, reads, around), msgspec.msgpack.encode(inputs))
        return inputs

    def _buildspec(self, template: Template) -> tuple[Buildspec | None, Edge]:
        named = buildspec_of(self.tree, self.settings, template) if self.settings else None
        if named is None:
            return None, Edge(path=template.path, label="buildspec")
        path, edge = named
        return self.buildspec_at(path), edge

    def buildspec_at(self, path: str) -> Buildspec:
        """The buildspec at `path`, read once."""
        if path not in self.buildspecs:
            self.buildspecs[path] = read_buildspec(self.tree, path)
        return self.buildspecs[path]

    def _of_pipeline(self, builder: ImageBuilder, template: Template, buildspec: Buildspec | None, edge: Edge) -> None:
        if self.settings is None or self.terraform is None:
            return
        if buildspec is not None:
            builder.shared(self._buildspec_unit(buildspec), edge)
            key = f"buildspec {buildspec.path}"
            for group, files, named in self._local_of(buildspec).groups:
                builder.group(group, files, named, by=key)
            for run, named in self._local_of(buildspec).runs:
                builder.ansible_run(run, named, by=key)
        if self.terraform.module is not None:
            builder.shared(self.terraform.module, self._module_hop(template))
        if self.terraform.root is not None:
            builder.shared(self.terraform.root, Edge(path=template.path, label="root module"))
        for path, named in named_inputs(self.tree, self.settings, template, self.terraform):
            builder.file(path, named)
        generated = f"{self.settings.terraform_dir}/{file_name(template.name)}"
        if self.tree.kind(generated) == "file":
            builder.file(generated, Edge(path=template.path, label="pipeline"))

    def _module_hop(self, template: Template) -> Edge:
        source = self.settings.module.source if self.settings else ""
        if source == Module().source:
            return Edge(path=template.path, label=f"module {source}")
        return Edge(path=FILE_NAME, line=self.pipelines.line("module", "source"), label="module.source")

    def _buildspec_unit(self, buildspec: Buildspec) -> Unit:
        key = f"buildspec {buildspec.path}"
        if key not in self.units:
            files = {buildspec.path: Edge(path="", label="")}
            for name, path in self._named_by(buildspec):
                files.setdefault(path, Edge(path=buildspec.path, label=name))
            for path, named in self._local_of(buildspec).files:
                files.setdefault(path, named)
            self.units[key] = Unit(key=key, files=files)
            if buildspec.problem:
                self.missing_references.broken(buildspec.path, buildspec.line, buildspec.problem)
        return self.units[key]

    def _local_of(self, buildspec: Buildspec) -> LocalFiles:
        """What the commands of a buildspec read."""
        if buildspec.path not in self._local:
            from tfgen_generators.graph.local_files import LocalFilesFinder

            finder = LocalFilesFinder(self.path_resolver, Edge(path=buildspec.path, label="commands"))
            texts = [buildspec.commands] if buildspec.is_one_shell else [(text,) for text in buildspec.commands]
            for text in texts:
                finder.texts(text, ["."], buildspec.variables)
            self._local[buildspec.path] = finder.found()
        return self._local[buildspec.path]

    def _named_by(self, buildspec: Buildspec) -> Iterator[tuple[str, str]]:
        for name, value in buildspec.variables.items():
            if path := self.pipelines.file_at(value):
                yield f"env.variables.{name}", path


def _wants_key(key: str, reads: Iterable[str], around: ValueSources) -> str:
    return f"wants:{_digest((key, [(name, around.environment.get(name)) for name in reads]))}"


def _digest(given: object) -> str:
    return hashlib.sha256(repr(given).encode("utf-8", "surrogateescape")).hexdigest()
