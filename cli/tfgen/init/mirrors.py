"""Which versions of a provider a machine has that gets its providers from a mirror on the disk alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfgen.terraform.plugin_cache import DOWNLOADS, configurations
from tfgen_generators.trees.files import read_text

_MIRROR = re.compile(r'"?filesystem_mirror"?\s*[:=]?\s*\[?\s*\{[^}]*?"?path"?\s*[=:]\s*"((?:[^"\\]|\\.)*)"')
_VERSION = re.compile(r"\d+(?:\.\d+)*")

Version = tuple[int, ...]


def mirrored(env: Mapping[str, str], provider: str) -> list[Version]:
    """The versions of `provider` (hashicorp/aws) that `terraform init` can take; none where it may download any.

    Source: the CLI configuration's provider_installation and the two layouts of filesystem_mirror.
    """
    found: set[Version] = set()
    for file in configurations(env):
        with contextlib.suppress(OSError):
            text = read_text(file)
            if DOWNLOADS.search(text):
                return []
            for path in _MIRROR.findall(text):
                found.update(_versions(Path(path).expanduser(), provider))
    return sorted(found)


def _versions(mirror: Path, provider: str) -> Iterator[Version]:
    kind = provider.rpartition("/")[2]
    for folder in mirror.glob(f"*/{provider}"):
        for entry in folder.iterdir():
            name = entry.name.removeprefix(f"terraform-provider-{kind}_").partition("_")[0]
            if _VERSION.fullmatch(name):
                yield version_of(name)


def version_of(text: str) -> Version:
    """`5.70.0` as numbers."""
    return tuple(int(part) for part in text.split("."))
