"""Which modules of the root module are images, and which are others: by their files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tfgen_generators.generated.ownership import PREFIX, SUFFIX, image_of, is_generated
from tfgen_generators.hcl.terraform_files import is_terraform
from tfgen_generators.trees.files import read_text

_MODULE = re.compile(r'^[ \t]*module[ \t]+("?)([A-Za-z_][\w-]*)\1[ \t]*\{', re.MULTILINE)
_MOVED = re.compile(r"^moved \{\n  from = module\.([\w-]+)\n  to   = module\.([\w-]+)\n\}$", re.MULTILINE)


class RootModules(msgspec.Struct, frozen=True, kw_only=True):
    """`images` have a generated file of their own; `shared` are called in files that a person wrote."""

    images: tuple[str, ...]
    shared: frozenset[str]


def root_modules(folder: Path) -> RootModules:
    """The modules that the files in `folder` call; what cannot be read counts as not there."""
    images = sorted(image_of(file.name) for file in folder.glob(f"{PREFIX}*{SUFFIX}"))
    shared: set[str] = set()
    for file in folder.glob("*"):
        if is_terraform(file.name) and not is_generated(file.name):
            text = _text(file)
            shared.update(_json_calls(text) if file.name.endswith(".json") else _calls(text))
    return RootModules(images=tuple(images), shared=frozenset(shared - set(images)))


def moved_images(folder: Path) -> frozenset[str]:
    """Both names of every image with a `moved` block: a plan with other targets alone is refused by Terraform."""
    pairs = [pair for file in folder.glob(f"{PREFIX}*{SUFFIX}") for pair in _MOVED.findall(_text(file))]
    return frozenset(name for pair in pairs for name in pair)


def _calls(text: str) -> Iterable[str]:
    return (name for _, name in _MODULE.findall(text))


def _json_calls(text: str) -> Iterable[str]:
    """`{"module": {NAME: ...}}`, or a list of such objects on either level, as Terraform allows."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    bodies = document if isinstance(document, list) else [document]
    calls = [body.get("module") for body in bodies if isinstance(body, dict)]
    flat = [item for call in calls for item in (call if isinstance(call, list) else [call])]
    return (name for item in flat if isinstance(item, dict) for name in item)


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except OSError:
        return ""
