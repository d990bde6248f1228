"""From a graph that was made before to that of a tree: only what something has changed for is made again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tfgen_generators.graph.build import Builder
from tfgen_generators.graph.facts import StoredFacts
from tfgen_generators.graph.graph import ImageNode, aliases_of
from tfgen_generators.graph.state import FolderStamp, KeptImage, MadeFrom, State, digest_of, stamp_of
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.buildspec import Buildspec
from tfgen_generators.paths.model import MissingReference, Unit
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.linked import HIDDEN, LinkedTree
from tfgen_generators.trees.stamps import TICK
from tfgen_generators.trees.store import Store

#: All of tfgen.toml but for what is compared by image.
_SHARED = tuple(
    field.name for field in msgspec.structs.fields(Settings) if field.name not in ("templates", "environment", "origin")
)
_MATTER = ("ANSIBLE_",)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Around some of the images: all templates of the tree, and the files of all units of the state before."""

    templates: Sequence[Template]
    held: frozenset[str]


class IncrementalGraph:
    """The graph of one tree, by way of another one's state where that helps."""

    def __init__(
        self, tree: LinkedTree, templates: Sequence[Template], settings: Settings | None, store: Store, started: int = 0
    ) -> None:
        self._tree, self._templates, self._settings, self._store = tree, templates, settings, store
        self._facts = StoredFacts(tree, store)
        self._started = started
        self._part: Part | None = None
        self._text = settings.origin.text if settings else ""
        self._shared = _hashed([getattr(settings, name, None) for name in _SHARED])

    def state(
        self,
        before: State | None,
        differing: Iterable[str] | None = None,
        *,
        same_images: bool = False,
        part: Part | None = None,
    ) -> State:
        """The state of this tree. `differing`: what is not as in the tree of `before`; None: that must be found out.

        `same_images`: templates and settings are those of `before`. `part`: where these are some of the images alone;
        nothing can be made of such a state.
        """
        builder = Builder(self._tree, self._settings, self._facts, self._store)
        builder.templates.update((one.path, one) for one in (part.templates if part else self._templates))
        self._part = part
        changed = self._changed(before, differing, builder) if before else None
        if before is None or changed is None:
            return self._merged(None, builder, self._templates)
        touched = set(before.graph().touched(changed)) if changed else set()
        if same_images:
            again = [one for one in self._templates if one.name in touched]
        else:
            again = [one for one in self._templates if not self._holds(before, one, touched, builder)]
        if not again and not changed and len(self._templates) == len(before.images):
            return before
        return self._merged(before, builder, again)

    def _changed(self, before: State, differing: Iterable[str] | None, builder: Builder) -> set[str] | None:
        """Files that say something else than before; None when more than that has changed."""
        paths = None if differing is None else list(differing)
        done: set[str] = set()
        same = self._same_names(before) if paths is None else all(self._is_unseen(before, path, done) for path in paths)
        if not same or not self._same_pipeline(before, builder):
            return None
        changed = set(self._differing_files(before, paths))
        held = (self._part.held if self._part else before.held) if changed else frozenset()
        return changed if changed <= held else None

    def _same_names(self, before: State) -> bool:
        """Whether on the disk there stands what stood there, by all names that were asked for."""
        assert isinstance(self._tree, DiskTree)  # noqa: S101
        root, limit = self._tree.root, before.started - TICK
        still = {
            folder
            for folder, stamp in before.folders.items()
            if max(stamp[0], stamp[1]) < limit and stamp_of(root, folder) == stamp
        }
        for path, entry in before.made_from.asked.items():
            if (path.rpartition("/")[0] or ".") in still and not entry.startswith("link"):
                continue
            if self._tree.entry(path) != entry:
                return False
        return all(
            folder in still or self._listing(folder) == digest for folder, digest in before.made_from.listed.items()
        )

    def _listing(self, folder: str) -> str:
        return digest_of(self._tree.entries(folder).keys() - HIDDEN) if self._tree.is_real(folder) else ""

    def _is_unseen(self, before: State, path: str, done: set[str]) -> bool:
        """Whether what stands at `path` is as before, or nobody has asked for it or seen its name.

        `done` are those of which that is known.
        """
        while path and path not in done:
            done.add(path)
            parent = path.rpartition("/")[0]
            if path in before.made_from.asked and self._tree.entry(path) != before.made_from.asked[path]:
                return False
            if (parent or ".") in before.made_from.listed and self._listing(parent or ".") != before.made_from.listed[
                parent or "."
            ]:
                return False
            path = parent
        return True

    def _same_pipeline(self, before: State, builder: Builder) -> bool:
        for path, (digest, buildspec) in before.buildspecs.items():
            if self._followed_digest(path) != digest and builder.buildspec_at(path) != buildspec:
                return False
        return before.terraform == _terraform(builder)

    def _differing_files(self, before: State, paths: list[str] | None) -> Iterator[str]:
        digest_of_file = self._digest if paths is not None else self._quick_digest
        for path in before.made_from.consulted if paths is None else paths:
            if path in before.made_from.consulted and digest_of_file(path) != before.made_from.consulted[path]:
                yield path
        for path in before.made_from.facts if paths is None else paths:
            if path in before.made_from.facts and digest_of_file(path) != before.made_from.facts[path][0]:
                digest, kinds = before.made_from.facts[path]
                if not all(self._facts.is_same(kind, digest, path) for kind in kinds):
                    yield path

    def _digest(self, path: str) -> str:
        try:
            return self._tree.content_digest(path) if self._tree.entry(path) == "file" else ""
        except OSError:
            return ""

    def _quick_digest(self, path: str) -> str:
        """The same where all names are known to be what they were."""
        try:
            return self._tree.content_digest(path)
        except OSError:
            return ""

    def _followed_digest(self, path: str) -> str:
        """The same through links."""
        try:
            return self._tree.digest(path)
        except OSError:
            return ""

    def _key(self, template: Template) -> str:
        own = self._settings.templates.get(template.name) if self._settings else None
        return _hashed(
            (
                self._shared,
                own,
                template.name,
                template.identity,
                template.path,
                template.digest,
                template.members,
                template.errors,
            )
        )

    def _holds(self, before: State, template: Template, touched: set[str], builder: Builder) -> bool:
        """Whether the image is what it was."""
        kept = before.images.get(template.identity)
        if kept is None or template.name in touched or kept.key != self._key(template):
            return False
        if kept.has_lines and before.text != self._text:
            return False
        if any(_built(builder, path) != digest for path, digest in kept.nested.items()):
            return False
        return kept.environment == self._environment(template, kept.reads, builder)

    def _environment(self, template: Template, reads: Sequence[str], builder: Builder) -> tuple[tuple[str, str], ...]:
        """What of [environment] decides something for a template."""
        return tuple(
            (name, value)
            for name, (value, _) in builder.pipelines.environment(template).items()
            if name in reads or name.startswith(_MATTER) or builder.pipelines.file_at(value)
        )

    def _merged(self, before: State | None, builder: Builder, again: Sequence[Template]) -> State:
        made = {node.identity: node for node in builder.nodes(again)}
        old = before.images if before else {}
        images = {
            one.identity: self._kept(one, made[one.identity], builder) if one.identity in made else old[one.identity]
            for one in self._templates
        }
        used = {reached.unit for kept in images.values() for reached in kept.node.reached}
        fresh = builder.all_units()
        terraform = builder.terraform
        for unit in (terraform.module, terraform.root) if terraform else ():
            if unit is not None:
                fresh[unit.key] = unit
        units: dict[str, Unit] = {**(before.units if before else {}), **fresh}
        aliases = {key: found for key, found in before.aliases.items() if key not in fresh} if before else {}
        aliases |= aliases_of(fresh, self._tree)
        for missing in _kept_gaps(before, {one.name for one in again}, {one.name for one in self._templates}):
            builder.missing_references.add(missing, ())
        made_from = self._made_from(before) if self._part is None else MadeFrom()
        folders = self._folders(made_from)
        return State(
            text=self._text,
            images=images,
            units={key: unit for key, unit in units.items() if key in used},
            aliases={key: found for key, found in aliases.items() if key in used},
            missing_references=builder.missing_references.all(),
            buildspecs=self._buildspecs(before, builder),
            terraform=_terraform(builder),
            made_from=made_from,
            folders=folders,
            started=self._started if folders else 0,
        )

    def _kept(self, template: Template, node: ImageNode, builder: Builder) -> KeptImage:
        reads = builder.reads.get(template.identity, ())
        own = builder.units[node.reached[0].unit]
        edges = (*own.files.values(), *(reached.edge for reached in node.reached))
        has_lines = any(edge.path == FILE_NAME and edge.line for edge in edges)
        nested = {path: _built(builder, path) for path in builder.nested.get(template.identity, ())}
        environment = self._environment(template, reads, builder)
        return KeptImage(self._key(template), node, reads, environment, has_lines, nested)

    def _buildspecs(self, before: State | None, builder: Builder) -> dict[str, tuple[str, Buildspec]]:
        found = dict(before.buildspecs) if before else {}
        return found | {path: (self._followed_digest(path), one) for path, one in builder.buildspecs.items()}

    def _made_from(self, before: State | None) -> MadeFrom:
        """What this tree was asked in all, and what it said."""
        tree, old = self._tree, before.made_from if before else MadeFrom()
        facts = {
            path: (self._digest(path), [str(kind) for kind in sorted(kinds)])
            for path, kinds in self._facts.used().items()
        }
        return MadeFrom(
            asked={**old.asked, **{path: tree.entry(path) for path in tree.asked}},
            listed={**old.listed, **{folder: self._listing(folder) for folder in tree.listed}},
            consulted={**old.consulted, **{path: self._digest(path) for path in tree.consulted}},
            facts={**old.facts, **facts},
        )

    def _folders(self, made_from: MadeFrom) -> dict[str, FolderStamp]:
        if not isinstance(self._tree, DiskTree) or not self._started:
            return {}
        folders = {path.rpartition("/")[0] or "." for path in made_from.asked} | made_from.listed.keys()
        stamps = {folder: stamp_of(self._tree.root, folder) for folder in folders}
        return {folder: stamp for folder, stamp in stamps.items() if stamp}


def _hashed(told: object) -> str:
    return hashlib.sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()


def _built(builder: Builder, path: str) -> str:
    """What changes with a template that another one builds on its way."""
    found = builder.templates.get(path)
    return f"{found.digest}{'!' * bool(found.errors)}" if found else ""


def _terraform(builder: Builder) -> str:
    """All that Terraform reads for the images: it is found out anew each time, by the content of Terraform's files."""
    return builder.terraform.digest if builder.terraform else ""


def _kept_gaps(before: State | None, made_again: set[str], there: set[str]) -> Iterator[MissingReference]:
    for missing in before.missing_references if before else ():
        left = tuple(name for name in missing.templates if name not in made_again and name in there)
        if left:
            yield msgspec.structs.replace(missing, templates=left)
