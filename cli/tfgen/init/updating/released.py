"""The texts that earlier releases have put into other repositories: made by tools/released_texts.py."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

import msgspec

from tfgen_generators.trees.files import read_bytes

FILE = "released.bin"

#: Version -> path (`terraform/modules/NAME/FILE`, `buildspec.yml`, `recipes/HOST.yml`) -> text; versions in order.
Releases = dict[str, dict[str, str]]


class _Packed(msgspec.Struct, frozen=True, kw_only=True):
    """Each text once, in the order of paths and versions, so that like stands beside like."""

    texts: list[str]
    releases: dict[str, dict[str, int]]


def packed(releases: Releases) -> bytes:
    """The same bytes for the same releases."""
    paths = sorted({path for files in releases.values() for path in files})
    texts = list(dict.fromkeys(files[path] for path in paths for files in releases.values() if path in files))
    number = {text: index for index, text in enumerate(texts)}
    table = {version: {path: number[files[path]] for path in sorted(files)} for version, files in releases.items()}
    return zlib.compress(msgspec.json.encode(_Packed(texts=texts, releases=table)), 9)


def unpacked(data: bytes) -> Releases:
    """The releases again."""
    found = msgspec.json.decode(zlib.decompress(data), type=_Packed)
    return {
        version: {path: found.texts[index] for path, index in files.items()}
        for version, files in found.releases.items()
    }


@cache
def releases() -> Releases:
    """Those that this tfgen knows, the oldest first."""
    return unpacked(read_bytes(Path(__file__).with_name(FILE)))
