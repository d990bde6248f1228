"""Folders and paths of a shell text: plain ones from where it begins, anchored ones from the repository's root."""

from __future__ import annotations

import posixpath

from tfgen_generators.shell.marks import ANCHOR


def joined(folder: str, path: str) -> str:
    """`path` seen from `folder`; one that is absolute, or from the root, stays. May lead out of where it started."""
    if path.startswith(ANCHOR):
        return anchored(path[len(ANCHOR) :].lstrip("/") or ".")
    if path.startswith(("/", "~")) or not path:
        return path or folder
    if folder.startswith(ANCHOR):
        return anchored(posixpath.join(folder[len(ANCHOR) :] or ".", path))
    return posixpath.normpath(posixpath.join(folder, path))


def anchored(path: str) -> str:
    """A path from the repository's root."""
    normal = posixpath.normpath(path)
    return ANCHOR if normal == "." else ANCHOR + normal
