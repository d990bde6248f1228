"""What can be known of one template: the facts of its files, with paths found on disk.

Nothing is guessed: what depends on a variable, a function of Packer's or the world is kept as text and marked.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

import msgspec

from tfgen_generators.packer.details import Details
from tfgen_generators.packer.evaluation.scope import AmiSource, Scope, Text
from tfgen_generators.packer.model import Template
from tfgen_generators.packer.syntax.values import Value
from tfgen_generators.shell.marks import ANCHOR

_ABSOLUTE = ("/", "~", ANCHOR)


class FileUse(msgspec.Struct, frozen=True, kw_only=True):
    """A file (or folder) that a template uses: as written, and where it is, from the repository's root.

    `resolved` is None when nothing is there, or when the path is not `known` without running Packer.
    """

    use: str
    path: str
    resolved: str | None
    known: bool


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one template, in the order of its files."""

    builders: tuple[str, ...]
    default_builders: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    environment: tuple[str, ...]
    provisioners: tuple[str, ...]
    post_processors: tuple[str, ...]
    files: tuple[FileUse, ...]
    ami_names: tuple[Text, ...]
    ami_sources: tuple[AmiSource, ...]
    tags: tuple[tuple[str, Text], ...]


def describe(
    root: Path,
    template: Template,
    details: Sequence[Details],
    working_dir: str | None = None,
    exists: Callable[[str], bool] | None = None,
) -> Description:
    """The facts of one template. `details` are those of its members. Asks the disk where the files are.

    `working_dir` is the folder in which Packer runs; None where it is not known. `exists` is asked instead of the disk,
    where there is one, whether something stands at a path from `root`.
    """
    there = exists or (lambda path: os.path.exists(root / path))  # noqa: PTH110 Path.exists raises for what is too long
    scope = Scope(template, details)
    parts = list(scope.used_parts())
    variables = {name: default for one in details for name, default in one.variables.items()}
    written = list(dict.fromkeys(scope.files(parts)))
    return Description(
        builders=scope.possible,
        default_builders=scope.default,
        required=tuple(name for name, default in variables.items() if _is_required(default, template.format)),
        optional=tuple(name for name, default in variables.items() if not _is_required(default, template.format)),
        environment=tuple(dict.fromkeys(name for one in details for name in one.environment)),
        provisioners=tuple(step.kind for build in scope.builds for step in build.steps),
        post_processors=tuple(step.kind for build in scope.builds for step in build.finish),
        files=tuple(_find(there, template, written, working_dir)),
        ami_names=tuple(dict.fromkeys(scope.texts(parts, "ami_name"))),
        ami_sources=tuple(scope.ami_sources(parts)),
        tags=tuple(dict.fromkeys(scope.tags(parts))),
    )


def _is_required(default: list[Value] | None, form: str) -> bool:
    """Packer's rule. HCL2: no default at all. Legacy JSON: `null` (which is how it has none)."""
    return default is None or (form == "json" and default == [None])


def possible_builders(template: Template) -> tuple[str, ...]:
    """Types of all sources that the builds of an HCL2 template may use; of all declared ones when that can be any."""
    from tfgen_generators.packer.details import decode_details

    return Scope(template, [decode_details(details) for details in template.details]).possible


def _find(
    exists: Callable[[str], bool],
    template: Template,
    written: Sequence[tuple[str, str, str | None]],
    working_dir: str | None,
) -> Iterator[FileUse]:
    """Where each path is. Without a working directory it is taken to be the folder that has most of them."""
    folders = list(_around(template.path if template.kind == "directory" else posixpath.dirname(template.path) or "."))
    own = folders[-1]
    relative = {path for use, _, path in written if path and use != "function" and not path.startswith(_ABSOLUTE)}
    if working_dir is None and len(folders) > 1:
        scores = {folder: sum(_at(exists, folder, path) is not None for path in relative) for folder in folders}
        folders.sort(key=lambda folder: -scores[folder])  # stable: the outermost first
    for use, text, path in written:
        resolved: str | None = None
        bases = [own] if use == "function" else folders if working_dir is None else [working_dir]
        if path and path.startswith(ANCHOR):
            resolved = _at(exists, "", path[len(ANCHOR) :])
        elif path and not path.startswith(_ABSOLUTE):
            resolved = next((found for folder in bases if (found := _at(exists, folder, path))), None)
        yield FileUse(use=use, path=text, resolved=resolved, known=path is not None)


@lru_cache(maxsize=2000)
def _around(folder: str) -> tuple[str, ...]:
    """A folder and those around it, the outermost first."""
    path = PurePosixPath(folder)
    return tuple(str(one) for one in reversed((path, *path.parents)))


def _at(exists: Callable[[str], bool], folder: str, path: str) -> str | None:
    """`folder/path` from the root, None when it is outside or not there."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined == ".." or joined.startswith("../") or "\0" in joined:
        return None
    return joined if exists(joined) else None
