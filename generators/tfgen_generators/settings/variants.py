"""One template, several images: what the tables of tfgen.toml and files of values make of it.

A variant gets what its template's table says, over it what its own entry of `variants` says, over both what the table
of its own name says. Its name is that of its entry or of its file, with the template's in front where it does not begin
so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from tfgen_generators.settings.lines import Path

VAR_FILE = "PACKER_VAR_FILE"
#: What the source of a variant that its own table names begins with, and what stands before that table's name.
TABLES, TABLE_MARK = "tfgen.toml#templates.", ".variants."
_ENDINGS = (
    *(".auto.pkrvars.hcl", ".auto.pkrvars.json", ".pkrvars.hcl", ".pkrvars.json"),
    *(".tfvars.json", ".tfvars", ".hcl", ".json"),
)


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """Why a variant, or all of a template, cannot be: `path` is the setting that says so."""

    path: Path
    message: str
    fix: str


class VariantImage(msgspec.Struct, frozen=True, kw_only=True):
    """One image of the template called `template`. `source` is its identity: a file of values, or its own table.

    `table` is the setting that names it, `digest` changes with the content of its `var_file` ("" without one).
    """

    name: str
    template: str
    source: str
    table: Path
    var_file: str = ""
    digest: str = ""
    wrong: Wrong | None = None

    @property
    def called(self) -> str:
        """What gives it its name: its file's, or that of its own table."""
        return stem_of(self.var_file) if self.source == self.var_file else self.table[-1]


class Variants(msgspec.Struct, frozen=True, kw_only=True):
    """The variants of all templates. `folders` and `files` (path -> whether it is there) are what decided them.

    `wrong` is what keeps a template (by its name) from having any, `unsure` the folders whose files are then unknown.
    """

    images: Mapping[str, tuple[VariantImage, ...]] = {}
    wrong: Mapping[str, Wrong] = {}
    unsure: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()
    files: Mapping[str, bool] = {}

    def places(self, path: Path) -> Iterator[Path]:
        """Where a setting of an image may be written, the one that counts first; the last is always its table."""
        yield path
        image = self.of_name(path[1]) if len(path) > 1 and path[0] == "templates" else None
        if image is None:
            return
        own, rest = ("templates", image.template), path[2:]
        if image.table != own:
            if rest == ("environment", VAR_FILE):
                yield (*image.table, "var_file")
            yield (*image.table, *rest)
        if rest == ("environment", VAR_FILE):
            yield (*own, "var_files")
        yield (*own, *rest)
        yield image.table

    def of_name(self, name: str) -> VariantImage | None:
        """The variant called `name`."""
        return next((one for images in self.images.values() for one in images if one.name == name), None)


NO_VARIANTS = Variants()


def stem_of(var_file: str) -> str:
    """The name of a file of values without the ending that makes it one."""
    name = posixpath.basename(var_file)
    return next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end) and name != end), name)


def table_source(table: Path) -> str:
    """The identity of a variant that its own table names: no file's path."""
    return f"tfgen.toml#{'.'.join(table)}"
