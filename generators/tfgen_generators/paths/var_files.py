"""Files of values for Packer's variables: those that it reads by itself, and those that a pipeline names."""

from __future__ import annotations

import posixpath

from tfgen_generators.packer.syntax.values import Value
from tfgen_generators.trees.tree import Tree

_AUTO = (".auto.pkrvars.hcl", ".auto.pkrvars.json")


def auto_files(tree: Tree, folder: str) -> list[str]:
    """What Packer reads by itself for the folder template `folder`."""
    return [posixpath.normpath(f"{folder}/{name}") for name in tree.names(folder) if name.endswith(_AUTO)]


def read_values(path: str, data: bytes) -> dict[str, Value] | None:
    """What a file of values sets, by variable; None when it cannot be read."""
    from tfgen_generators.packer.model import BrokenTemplateError, NotATemplateError
    from tfgen_generators.packer.syntax.hcl_reader import read_native
    from tfgen_generators.packer.syntax.json_reader import Pairs, load, plain

    try:
        if path.endswith(".json"):
            document = load(data)
            found = plain(document) if isinstance(document, Pairs) else None
            return found if isinstance(found, dict) else None
        return dict(read_native(data.removeprefix(b"\xef\xbb\xbf")).attributes)
    except (BrokenTemplateError, NotATemplateError, UnicodeDecodeError, RecursionError):
        return None
