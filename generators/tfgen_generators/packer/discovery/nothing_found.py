"""What is said of a repository whose files look like Packer's and in which no template was found."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.discovery.discover import find_unnamed
from tfgen_generators.packer.model import Discovery
from tfgen_generators.settings.model import FILE_NAME
from tfgen_generators.trees.files import read_bytes

FIX = "mend them, or set packer_dir in tfgen.toml"
_SHOWN = 20
_BLOCKS = (re.compile(rb"^build\s*\{", re.MULTILINE), re.compile(rb'^source\s+"', re.MULTILINE))


def require_some(root: Path, found: Discovery, packer_dir: str) -> Discovery:
    """`found`, unless no template is in it although there are files like Packer's: then nothing may look well.

    Raises TfgenError with what was looked at, and why each file was skipped.
    """
    if message := nothing_found(root, found, packer_dir):
        raise TfgenError(message, where=packer_dir, fix=FIX)
    return found


def nothing_found(root: Path, found: Discovery, packer_dir: str) -> str:
    """Why it cannot be that there is no template, "" where there is one, or nothing like one."""
    if found.templates or found.ignored or found.unreadable:
        return ""
    looked = f"no template found in {_counted(len(found.folders), 'folder')}"
    if alike := [skipped for skipped in found.skipped if skipped.alike or _is_misnamed(root, skipped.path)]:
        shown = ", ".join(f"{skipped.path} ({skipped.reason})" for skipped in alike[:_SHOWN])
        more = f", and {len(alike) - _SHOWN} more (tfgen list shows all)" if len(alike) > _SHOWN else ""
        return f"{looked}, although {_counted(len(alike), 'file')} looked like Packer's: {shown}{more}"
    there = elsewhere(root) if packer_dir != "." else ""
    return f"{looked}, but {there}" if there else ""


def _is_misnamed(root: Path, path: str) -> bool:
    """Whether an HCL file whose name is none of Packer's has a build and a source."""
    if not path.endswith(".hcl"):
        return False
    try:
        data = read_bytes(root / path)
    except OSError:
        return False
    return all(block.search(data) for block in _BLOCKS)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def elsewhere(root: Path) -> str:
    """Where else the repository has templates; "" without any, and in a folder that is none: it may be a whole disk."""
    if not any(os.path.lexists(root / name) for name in (".git", FILE_NAME)):
        return ""
    folders = sorted({os.path.dirname(template.path) or "." for template in find_unnamed(root, ".").templates})  # noqa: PTH120 as in the walk
    return f"there are templates in {', '.join(folders[:3])}" if folders else ""
