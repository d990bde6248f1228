"""One comparison: both graphs, the base's made of the head's where it can, and what differs between them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.affected.above import images_above
from tfgen.affected.model import Affected, AffectedImage, Point, Why
from tfgen.affected.sides import Sides
from tfgen.affected.submodules import images_of_submodules
from tfgen.cache.graph_store import keep_state, keep_store, kept_state
from tfgen_generators.graph.graph import Graph
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.model import Reason
from tfgen_generators.settings.lines import dotted
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.setting_scope import differing

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.ancestry.parents import Ancestry
    from tfgen_generators.graph.state import State

_SHOWN_MISSING = frozenset({"broken-yaml", "unreadable", "role-cycle"})


class Comparison:
    """`base` and `head` of one repository."""

    def __init__(
        self,
        workspace: Workspace,
        base: Point,
        head: Point,
        sides: Sides | None = None,
        known: State | None = None,
        held: frozenset[str] = frozenset(),
    ) -> None:
        self.workspace, self.base, self.head, self.started = workspace, base, head, time.time_ns()
        self.sides = sides or Sides(workspace, base, head)
        #: The head's graph of the images that are asked about, and the files of its whole graph.
        self._known, self._held = known, held

    def result(self, everything: str, *, include_children: bool) -> Affected:
        """What differs; all images where `everything` says why. Keeps what was found out for the next run."""
        found = self.found(everything, include_children=include_children)
        if not found.everything:
            keep_store(self.workspace, self.sides.store)
        return found

    def found(self, everything: str, *, include_children: bool) -> Affected:
        """The same, and keeps nothing."""
        changed: tuple[str, ...] = ()
        if not everything:
            _ = self._known or self._before  # read while git looks
            changed = tuple(sorted(self.sides.changes))
            everything = self.sides.incomparable() if changed else ""
        found = Affected(base=self.base, head=self.head, everything=everything, changed=changed)
        if everything:
            images = [AffectedImage(name=one.name, template=one.path) for one in self.sides.templates]
            return replace(found, images=tuple(self._ordered(images)))
        if changed or self._above:
            found = self._compared(found, include_children=include_children)
        return found

    def _compared(self, found: Affected, *, include_children: bool) -> Affected:
        graph, base = self._graphs()
        why = {
            name: [Why(path=one.path, via=one.edges) for one in reasons] for name, reasons in self._touched(graph, base)
        }
        for name, one in self._reshaped(graph, base).items():
            why.setdefault(name, [one])
        for name, one in (*images_of_submodules(self.sides), *self._above):
            if one.path not in {known.path for known in why.setdefault(name, [])}:
                why[name].append(one)
        for name, keys in self._keys(base).items():
            why.setdefault(name, []).extend(keys)
        for image in graph.images:
            if image.problem:
                message = "cannot be read, so every change counts"
                why.setdefault(image.name, []).append(Why(path=image.template, message=message))
        templates = {one.name: one for one in self.sides.templates}
        images = [
            AffectedImage(name=name, template=templates[name].path, reasons=_sorted(reasons))
            for name, reasons in why.items()
            if name in templates
        ]
        used = {reason.path for image in images for reason in image.reasons}
        unused = tuple(path for path in found.changed if path not in used)
        if include_children:
            images += self._children({image.name for image in images}, templates)
        return replace(
            found,
            unused=unused,
            images=tuple(self._ordered(images)),
            gone=tuple(
                sorted(image.name for image in base.images if self.sides.head_name(image.identity, image.name) is None)
            ),
            missing_references=tuple(missing for missing in graph.missing_references if missing.kind in _SHOWN_MISSING),
            warnings=tuple(self._warnings()),
        )

    @cached_property
    def _above(self) -> list[tuple[str, Why]]:
        return list(images_above(self.sides))

    @cached_property
    def _before(self) -> State | None:
        """The graph of the last look at the disk."""
        import tfgen_generators.graph.incremental  # noqa: F401 what is needed next

        on_disk = self.sides.head_tree is self.sides.disk
        return kept_state(self.sides.store) if on_disk else None

    def _graphs(self) -> tuple[Graph, Graph]:
        """The head's and the base's, made of what is known from before, and the base's of the head's."""
        from tfgen_generators.graph.incremental import IncrementalGraph, Part

        sides, head = self.sides, self._known or self.head_state()
        same = sides.base_templates is sides.templates and sides.base_settings is sides.settings
        base = IncrementalGraph(sides.base_tree, sides.base_templates, sides.base_settings, sides.store)
        part = Part(templates=sides.all_of_base, held=self._held) if self._known else None
        then = base.state(head, sides.changes, same_images=same, part=part)
        graph = head.graph()
        return graph, graph if then is head else then.graph()

    def head_state(self) -> State:
        """The head's graph, made of what is known from before."""
        from tfgen_generators.graph.incremental import IncrementalGraph

        sides = self.sides
        on_disk = sides.head_tree is sides.disk
        before = self._before
        started = self.started if on_disk else 0
        head = IncrementalGraph(sides.head_tree, sides.templates, sides.settings, sides.store, started).state(before)
        if on_disk and head is not before:
            keep_state(sides.store, head)
        return head

    def _touched(self, graph: Graph, base: Graph) -> Iterable[tuple[str, list[Reason]]]:
        found = {
            name: {reason.path: reason for reason in reasons}
            for name, reasons in graph.touched(self.sides.changes).items()
        }
        if base is not graph:
            for name, reasons in base.touched(self.sides.changes).items():
                image = base.image(name)
                now = self.sides.head_name(image.identity, name) if image else None
                if now is not None:
                    here = found.setdefault(now, {})
                    for reason in reasons:
                        here.setdefault(reason.path, reason)
        return [(name, list(reasons.values())) for name, reasons in found.items()]

    def _reshaped(self, graph: Graph, base: Graph) -> dict[str, Why]:
        """Images whose files are other ones, although none of these differs."""
        from tfgen_generators.graph.reshaped import reshaped

        if base is graph:
            return {}
        pairs = ((image.name, self.sides.head_name(image.identity, image.name)) for image in base.images)
        found = reshaped(graph, base, {before: now for before, now in pairs if now is not None})
        return {
            name: Why(
                path=reason.path, message="is now used by it" if new else "is no longer used by it", via=reason.edges
            )
            for name, (reason, new) in found.items()
        }

    def _keys(self, base: Graph) -> dict[str, list[Why]]:
        """The keys of tfgen.toml that differ, by image."""
        if FILE_NAME not in self.sides.changes:
            return {}
        before, after = self.sides.base_settings or Settings(), self.sides.settings or Settings()
        found: dict[str, list[Why]] = {}
        for image in base.images:
            name = self.sides.head_name(image.identity, image.name)
            if name is not None:
                keys = differing((before, image.name), (after, name))
                found[name] = [Why(path=FILE_NAME, line=line, message=dotted(path)) for path, line in keys]
        return {name: keys for name, keys in found.items() if keys} | self._new_variants(base)

    def _new_variants(self, base: Graph) -> dict[str, list[Why]]:
        """Images that tfgen.toml names now, although no file of theirs may have changed."""
        settings = self.sides.settings or Settings()
        before = {self.sides.head_name(image.identity, image.name) for image in base.images}
        return {
            one.name: [Why(path=FILE_NAME, line=settings.line(*one.table), message=dotted(one.table))]
            for images in settings.origin.variants.images.values()
            for one in images
            if one.name not in before
        }

    def _children(self, names: set[str], templates: Mapping[str, Template]) -> list[AffectedImage]:
        children = self._ancestry(self.sides.templates).children(names)
        return [
            AffectedImage(name=name, template=templates[name].path, parent=parent)
            for name, parent in children.items()
            if name not in names and name in templates
        ]

    def _ancestry(self, templates: Sequence[Template]) -> Ancestry:
        from tfgen_generators.ancestry.parents import find_ancestry

        return find_ancestry(templates, self.sides.settings, self.sides.head_tree, self.sides.store)

    def _ordered(self, images: Sequence[AffectedImage]) -> list[AffectedImage]:
        """Parents before children. An image between two of them that is not built itself gives them no order."""
        if len(images) < 2:
            return list(images)
        by_name = {image.name: image for image in images}
        ancestry = self._ancestry([one for one in self.sides.templates if one.name in by_name])
        return [by_name[name] for name in ancestry.ordered(by_name)]

    def _warnings(self) -> Iterable[str]:
        for path in sorted(self.sides.disk.unreadable):
            yield f"{path}: cannot be read: {self.sides.disk.unreadable[path]}"
        for path in sorted(self.sides.head_tree.outside):
            yield f"{path}: is a symlink to outside the repository; its target is not checked"


def _sorted(reasons: Iterable[Why]) -> tuple[Why, ...]:
    return tuple(sorted(reasons, key=lambda why: (why.path, why.line, why.message)))
