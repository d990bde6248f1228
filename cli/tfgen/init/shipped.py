"""What tfgen ships for repositories: modules, the root module's files, the buildspec; of this release."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tfgen_generators.errors import TfgenError
from tfgen_generators.settings.requirement import TWO_WAYS
from tfgen_generators.trees.files import read_text

#: In which folder of the repository the modules are, and are vendored to.
MODULES_DIR = "terraform/modules"
MODULES = ("codepipeline", "codepipeline_v1", "dispatcher", "shared", "ci_roles")
ROOT_DIR = "terraform/pipelines"
ROOT_FILES = ("backend.tf", "locals.tf", "outputs.tf", "providers.tf", "variables.tf", "versions.tf")
BUILDSPEC = "buildspec.yml"
#: Folders of a module that only its own tests and readers need.
_ASIDE = ("examples", "tests")


@cache
def estate() -> Path:
    """The clone that this code is part of, else the copy in the installed package. Raises TfgenError."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parents[1], package / "estate"):
        if (folder / MODULES_DIR / MODULES[0]).is_dir() and (folder / BUILDSPEC).is_file():
            return folder
    raise TfgenError("the files that tfgen ships are not found", fix=f"install tfgen again, from {TWO_WAYS}")


def text_of(path: str) -> str:
    """The text of one of the estate's files. Raises OSError."""
    return read_text(estate() / path)


def module_texts(name: str) -> dict[str, str]:
    """The files that Terraform (or a build) needs of the module `name`: path in its folder -> text."""
    folder = estate() / MODULES_DIR / name
    return {path: read_text(folder / path) for path in _files(folder) if is_vendored(path)}


def is_vendored(path: str) -> bool:
    """Whether a file of a module, by its path in the module's folder, is one that others need."""
    return not path.endswith(".md") and not path.startswith((".", *(f"{name}/" for name in _ASIDE)))


def _files(folder: Path) -> Iterator[str]:
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            yield (Path(above) / name).relative_to(folder).as_posix()
