"""Which modules of the root module are images, and which are others: by their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tfgen_generators.ownership import PREFIX, SUFFIX

_MODULE = re.compile(r'^[ \t]*"?module"?[ \t]+"([A-Za-z_][\w-]*)"', re.MULTILINE)
_MOVED = re.compile(r"^moved \{\n  from = module\.([\w-]+)\n  to   = module\.([\w-]+)\n\}$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class RootModules:
    """`images` have a generated file of their own; `shared` are called in files that a person wrote."""

    images: tuple[str, ...]
    shared: frozenset[str]


def root_modules(folder: Path) -> RootModules:
    """The modules that the files in `folder` call; what cannot be read counts as not there."""
    images = sorted(file.name.removeprefix(PREFIX).removesuffix(SUFFIX) for file in folder.glob(f"{PREFIX}*{SUFFIX}"))
    shared: set[str] = set()
    for file in sorted([*folder.glob("*.tf"), *folder.glob("*.tofu")]):
        if file.name.startswith(PREFIX) and file.name.endswith(SUFFIX):
            continue
        shared.update(_MODULE.findall(_text(file)))
    return RootModules(images=tuple(images), shared=frozenset(shared - set(images)))


def moved_images(folder: Path) -> frozenset[str]:
    """Both names of every image with a `moved` block: a plan with other targets alone is refused by Terraform."""
    pairs = [pair for file in folder.glob(f"{PREFIX}*{SUFFIX}") for pair in _MOVED.findall(_text(file))]
    return frozenset(name for pair in pairs for name in pair)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
