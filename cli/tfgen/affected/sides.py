"""The two sides of a comparison: what differs, both trees, both tfgen.toml, both sides' templates."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from tfgen.affected.model import Point
from tfgen.cache.graph_store import open_store
from tfgen.cache.template_store import find_templates
from tfgen.git.beside import Beside
from tfgen.git.differences import Blobs, differences, differences_between, left_out
from tfgen.git.repository import tracked_although_ignored
from tfgen_generators.errors import SettingsError, TfgenError
from tfgen_generators.packer.discovery.place import ROOT, USUAL, folder_in_tree
from tfgen_generators.packer.discovery.variants import with_variants
from tfgen_generators.packer.model import Template
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.disk import DiskTree
from tfgen_generators.trees.linked import LinkedTree
from tfgen_generators.trees.overlay import Other, OverlayTree

if TYPE_CHECKING:
    from tfgen.workspace import Workspace
    from tfgen_generators.packer.discovery.facts_cache import FactsCache

_CANDIDATES = (".hcl", ".json", ".example")


class Sides:
    """`base` and `head` of one repository; everything is found out when it is asked for."""

    #: Facts of templates that were read for another comparison.
    facts: FactsCache | None = None

    def __init__(self, workspace: Workspace, base: Point, head: Point) -> None:
        self.workspace, self.base, self.head = workspace, base, head
        self.root = workspace.root
        #: git is asked at once, and answers while caches and modules are read.
        self._asked = Beside(self._differences)
        self.store = open_store(workspace)
        self.disk = DiskTree(self.root, self.store)
        self.blobs = Blobs(self.root)
        self.sparse = left_out(self.root)
        self.is_tracked = tracked_although_ignored(self.root)

    @cached_property
    def changes(self) -> Mapping[str, Other | None]:
        """Path -> what the base has there, for all that differs."""
        return self._asked.result()

    def _differences(self) -> Mapping[str, Other | None]:
        if self.base.commit is None:
            return {}
        if self.head.commit is None:
            return differences(self.root, self.base.commit)
        return differences_between(self.root, self.base.commit, self.head.commit)

    @cached_property
    def head_tree(self) -> LinkedTree:
        if self.head.commit is None:
            return self._overlay(self.sparse)
        return self._overlay({**self.sparse, **differences(self.root, self.head.commit)})

    @cached_property
    def base_tree(self) -> LinkedTree:
        assert self.base.commit is not None  # noqa: S101
        there = self.changes if self.head.commit is None else differences(self.root, self.base.commit)
        return self._overlay({**self.sparse, **there})

    def _overlay(self, there: Mapping[str, Other | None]) -> LinkedTree:
        if not there:
            return self.disk
        self.blobs.expect(there)
        return OverlayTree(self.disk, there, self.blobs.read, str(self.root))

    @cached_property
    def settings(self) -> Settings | None:
        """tfgen.toml at the head; None without one. Raises SettingsError."""
        if self.head_tree is self.disk:
            return self.workspace.settings if self.workspace.settings_text else None
        return _settings_in(self.head_tree, f"{self.head.name}:{FILE_NAME}")

    @cached_property
    def base_settings(self) -> Settings | None:
        named = self.settings is not None and self.settings.origin.variants.images  # files may have come and gone
        if FILE_NAME not in self.changes and not self._may_have_moved and not named:
            return self.settings
        return _settings_in(self.base_tree, f"{self.base.name}:{FILE_NAME}")

    @property
    def _may_have_moved(self) -> bool:
        """Whether the base may have its templates in another folder although tfgen.toml is the same."""
        settings = self.settings or Settings()
        return settings.packer_dir == ROOT or (settings.packer_dir == USUAL and self.head_tree.kind(USUAL) is None)

    def incomparable(self) -> str:
        """Why the base cannot be compared with, "" when it can."""
        try:
            _ = self.base_settings
        except TfgenError as error:
            return f"{FILE_NAME} of the base cannot be read ({error.where}: {error.message})"
        return ""

    @cached_property
    def templates(self) -> Sequence[Template]:
        """The head's, with details."""
        if self.head_tree is not self.disk:
            from tfgen.affected.commit_templates import discover_commit

            return discover_commit(self.head_tree, self.settings or self._placed, self.is_known, required=True)
        return find_templates(self.workspace, self.store).templates

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Identity of the template -> name, of every image of the head."""
        return {one.identity: one.name for one in self.templates}

    @cached_property
    def _known_names(self) -> frozenset[str]:
        return frozenset(self.names.values())

    def head_name(self, identity: str, name: str) -> str | None:
        """The head's name of an image of the base: of the same template, or else of the same name."""
        return self.names.get(identity) or (name if name in self._known_names else None)

    @property
    def _placed(self) -> Settings:
        """Without tfgen.toml: the defaults, and where the templates are."""
        return Settings(packer_dir=folder_in_tree(self.head_tree, USUAL))

    @cached_property
    def base_templates(self) -> Sequence[Template]:
        """The base's: the head's where nothing of it differs."""
        return self.all_of_base

    @cached_property
    def all_of_base(self) -> Sequence[Template]:
        """The base's templates, with those that are not asked about."""
        of_head = self.all_of_head
        settings = self.settings or self._placed
        base = self.base_settings or Settings(packer_dir=folder_in_tree(self.base_tree, USUAL))
        folders = self._differing_folders(base.packer_dir)
        same = deciding(base) == deciding(settings)
        if same and folders is not None and not folders:
            return of_head
        if folders is None or not same:
            return self.discovered(base, None)
        kept = [one for one, folder in zip(of_head, self.folders_of_head, strict=True) if folder not in folders]
        return [*kept, *self.discovered(base, folders)]

    def discovered(self, settings: Settings, folders: Collection[str] | None) -> Sequence[Template]:
        """The base's templates, directly in `folders` if given."""
        from tfgen.affected.commit_templates import discover_commit

        return discover_commit(self.base_tree, settings, self.is_known, folders, cache=self.facts)

    @property
    def all_of_head(self) -> Sequence[Template]:
        """The head's templates, with those that are not asked about."""
        return self.templates

    @cached_property
    def folders_of_head(self) -> Sequence[str]:
        """Where each of these stands."""
        return [folder_of(one) for one in self.all_of_head]

    def is_known(self, path: str) -> bool:
        """Whether git tracks `path` on one of the sides."""
        return path in self.changes or self.is_tracked(path)

    def _differing_folders(self, packer_dir: str) -> frozenset[str] | None:
        """Folders whose templates may differ; None when that may be any."""
        folder = posixpath.normpath(packer_dir)
        found: set[str] = set()
        for path, other in self.changes.items():
            if path.rpartition("/")[2] == ".gitignore":
                return None
            if folder != "." and not path.startswith(f"{folder}/"):
                continue
            links = (other is not None and other.entry != "file") or self.head_tree.links(path)
            if links or self.head_tree.kind(path) == "folder":
                return None
            if path.endswith(_CANDIDATES):
                found.add(posixpath.dirname(path) or ".")
        return frozenset(found)


def _settings_in(tree: LinkedTree, where: str) -> Settings | None:
    if tree.kind(FILE_NAME) != "file":
        return None
    try:
        settings = with_variants(parse_settings(tree.read(FILE_NAME).decode(), where=where), tree)
        return msgspec.structs.replace(settings, packer_dir=folder_in_tree(tree, settings.packer_dir))
    except UnicodeDecodeError:
        raise SettingsError("not UTF-8 text", where=where) from None


def deciding(settings: Settings) -> tuple[object, ...]:
    """What decides which images there are, beside the files in the folder of templates."""
    pins = {name: own.path for name, own in settings.templates.items() if own.path is not None}
    variants = settings.origin.variants
    images = [(one.name, one.source, one.var_file) for images in variants.images.values() for one in images]
    return settings.packer_dir, settings.ignore, pins, images


def folder_of(template: Template) -> str:
    """The folder that it stands in, or is."""
    return template.path if template.kind == "directory" else posixpath.dirname(template.path) or "."
