"""Which variants the templates of tfgen.toml have: its entries, and the files of values that its patterns find."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

from tfgen_generators.nearest import near_path
from tfgen_generators.packer.discovery.gitignore import FILE_NAME, GitIgnore
from tfgen_generators.packer.discovery.wildmatch import expression
from tfgen_generators.packer.names import variant_name
from tfgen_generators.settings.lines import Path as Key
from tfgen_generators.settings.lines import dotted
from tfgen_generators.settings.model import Origin, Settings, TemplateSettings, Variant
from tfgen_generators.settings.variants import VAR_FILE, VariantImage, Variants, Wrong, stem_of, table_source
from tfgen_generators.trees.linked import LinkedTree

_WILD = re.compile(r"[*?\[]")
_REMOVE = "fix the path, or remove it"


IsIgnored = Callable[[str], bool]


def with_variants(settings: Settings, tree: LinkedTree, is_ignored: IsIgnored = lambda _path: False) -> Settings:
    """`settings` with a whole table for each image of a template that is several, as the files of `tree` have it.

    A pattern finds no file of which `is_ignored` says that git does not see it.
    """
    if not settings.has_variants:
        return settings
    search = _Search(settings, tree, is_ignored)
    images: dict[str, tuple[VariantImage, ...]] = {}
    wrong: dict[str, Wrong] = {}
    unsure: set[str] = set()
    for name, own in settings.templates.items():
        if not own.has_variants:
            continue
        files, failed = search.matching(name, own)
        images[name] = tuple(search.images(name, own, files))
        if failed:
            wrong[name] = failed
            unsure |= {_folder_of(pattern) for pattern in own.patterns}
    found = Variants(
        images=images, wrong=wrong, unsure=frozenset(unsure), folders=tuple(search.folders), files=dict(search.files)
    )
    return _with_images(settings, found)


def ignored_by_git(root: Path, is_tracked: Callable[[str], bool]) -> IsIgnored:
    """Whether git would not see a file below `root`: it, or a folder above it, is ignored and not tracked."""
    git = GitIgnore(root, is_tracked)

    def is_ignored(path: str) -> bool:
        parts = path.split("/")
        folders = ("/".join(parts[:number]) for number in range(1, len(parts)))
        return any(git.ignores(folder, folder=True) for folder in folders) or git.ignores(path)

    return is_ignored


def is_meant(pattern: str, path: str) -> bool:
    """Whether a path or pattern of `var_files` means a file; a pattern means none that Packer reads by itself."""
    if not _WILD.search(pattern):
        return pattern == path
    name = posixpath.basename(path)
    return bool(_compiled(pattern)(path)) and not name.startswith(".") and ".auto.pkrvars." not in name


@cache
def _compiled(pattern: str) -> Callable[[str], object]:
    return re.compile(expression(pattern)[1], re.DOTALL).fullmatch


class _Search:
    def __init__(self, settings: Settings, tree: LinkedTree, is_ignored: IsIgnored) -> None:
        self._tree, self._is_ignored = tree, is_ignored
        self._pinned = {own.path: name for name, own in settings.templates.items() if own.path is not None}
        self.folders: dict[str, None] = {}
        self.files: dict[str, bool] = {}

    def matching(self, name: str, own: TemplateSettings) -> tuple[list[str], Wrong | None]:
        """The files that `var_files` means; the first of its paths that means none is wrong."""
        found: dict[str, None] = {}
        failed: Wrong | None = None
        for pattern in own.patterns:
            files = sorted(self._files(posixpath.normpath(pattern)))
            found |= dict.fromkeys(files)
            if not files and failed is None:
                path = ("templates", name, "var_files")
                hint = self._near(pattern) if not _WILD.search(pattern) else ""
                failed = Wrong(path=path, message=f'no file matches "{pattern}"', fix=hint or _REMOVE)
        return list(found), failed

    def _files(self, pattern: str) -> Iterator[str]:
        if not _WILD.search(pattern):
            if self._there(pattern):
                yield pattern
            return
        deep, depth = "**" in pattern, pattern.count("/")
        pending = [_folder_of(pattern)]
        while pending:
            folder = pending.pop()
            if self._tree.kind(folder) == "folder":
                self.folders[folder] = None
                self._there(FILE_NAME if folder == "." else f"{folder}/{FILE_NAME}")
            for name in self._tree.names(folder):
                path = name if folder == "." else f"{folder}/{name}"
                kind = self._tree.kind(path)
                if kind == "folder" and (deep or path.count("/") < depth) and self._tree.is_real(path):
                    pending.append(path)
                elif kind == "file" and is_meant(pattern, path) and not self._is_ignored(path):
                    self._there(path)
                    yield path

    def _there(self, path: str) -> bool:
        self.files[path] = self._tree.kind(path) == "file"
        return self.files[path]

    def images(self, template: str, own: TemplateSettings, files: list[str]) -> Iterator[VariantImage]:
        """Those of the entries, and then those of the files that no entry takes."""
        by_name: dict[str, str] = {}
        for path in files:
            by_name.setdefault(variant_name(template, stem_of(path)), path)
        taken: set[str] = set()
        for key, entry in own.variants.items():
            image = self._of_entry(template, key, entry, by_name if own.var_files else None)
            taken.add(image.var_file)
            yield image
        for path in files:
            if path not in taken:
                name = self._pinned.get(path) or variant_name(template, stem_of(path))
                table = ("templates", template)
                yield self._with_digest(
                    VariantImage(name=name, template=template, source=path, table=table, var_file=path)
                )

    def _of_entry(self, template: str, key: str, entry: Variant, by_name: Mapping[str, str] | None) -> VariantImage:
        """`by_name` are the files of `var_files`; None without that setting."""
        table: Key = ("templates", template, "variants", key)
        source = table_source(table)
        given = entry.var_file
        wrong = None
        if given is None and by_name is not None:
            given = by_name.get(variant_name(template, key))
            if given is None:
                message = f"{dotted(table)}: no file of var_files is called so"
                wrong = Wrong(path=table, message=message, fix='set its var_file ("": none), or remove it')
        path = posixpath.normpath(given) if given else ""
        if path and not self._there(path):
            message = f'{dotted((*table, "var_file"))} = "{given}" is no file'
            wrong = Wrong(path=(*table, "var_file"), message=message, fix=self._near(path) or _REMOVE)
        name = self._pinned.get(source) or variant_name(template, key)
        image = VariantImage(
            name=name, template=template, source=source, table=table, var_file=path, wrong=wrong, digest=source
        )
        return image if wrong else self._with_digest(image)

    def _with_digest(self, image: VariantImage) -> VariantImage:
        """With what changes with the file's content; one that cannot be read is wrong."""
        if not image.var_file:
            return image
        try:
            digest = self._tree.digest(image.var_file)
        except OSError as error:
            message = f"{image.var_file} cannot be read: {error.strerror}"
            return msgspec.structs.replace(
                image, wrong=Wrong(path=image.table, message=message, fix="make it readable")
            )
        return msgspec.structs.replace(image, digest=f"{image.digest}{digest}")

    def _near(self, path: str) -> str:
        """The file that is most likely meant."""
        near = near_path(path, self._tree.names)
        return f"did you mean {near}?" if near else ""


def _folder_of(pattern: str) -> str:
    """The folder in front of a pattern's first wildcard."""
    return posixpath.dirname(_WILD.split(pattern)[0]) or "."


def _with_images(settings: Settings, variants: Variants) -> Settings:
    """`settings` in which each image of `variants` has its whole table."""
    nothing, none = TemplateSettings(), Variant()
    tables = dict(settings.templates)
    for template, images in variants.images.items():
        for image in images:
            entry = settings.templates[template].variants.get(image.table[-1], none) if len(image.table) > 2 else none
            own = settings.templates.get(image.name, nothing)
            tables[image.name] = _merged(settings.templates[template], entry, own, image.var_file)
    origin = Origin(settings.origin.text, variants)
    return msgspec.structs.replace(settings, templates=tables, origin=origin)


def _merged(template: TemplateSettings, entry: Variant, own: TemplateSettings, var_file: str) -> TemplateSettings:
    names = {
        key: getattr(template.names, key) if getattr(own.names, key) is None else getattr(own.names, key)
        for key in own.names.__struct_fields__
    }
    given = {VAR_FILE: var_file} if var_file else {}
    return msgspec.structs.replace(
        own,
        working_dir=own.working_dir or template.working_dir,
        removed=own.removed or template.removed,
        environment={**template.environment, **entry.environment, **given, **own.environment},
        inputs={**template.inputs, **entry.inputs, **own.inputs},
        providers={**template.providers, **own.providers},
        names=msgspec.structs.replace(own.names, **names),
    )
