"""A real build whose Packer is watched by strace: each file of the repository that it opens is in the image's graph.

Ansible runs on the instance and reads what Packer has uploaded, so nothing of the repository escapes.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from tests.e2e.tools import require_tool
from tfgen_generators.graph.build import build_graph
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.survey import Outside, find_templates
from tfgen_generators.trees.disk import DiskTree

if TYPE_CHECKING:
    from tests.e2e.local import Estate

_OPENED = re.compile(
    r'^\d+\s+open(?:at)?\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"(?!.* = -1 ).*$', re.MULTILINE
)
#: What the build itself writes.
_WRITTEN = ("packer-build.log", "packer-manifest.json")


class Watched:
    """From now on the builds of an estate find a `packer` that is watched."""

    def __init__(self, estate: Estate) -> None:
        self._folder = estate.folder
        self._notes = estate.folder.parent / "watched"
        program = self._notes / "bin/packer"
        program.parent.mkdir(parents=True)
        packer, strace, notes = (
            shlex.quote(f"{one}") for one in (require_tool("packer"), require_tool("strace"), self._notes)
        )
        program.write_text(
            f'#!/bin/sh\n[ "$1" = build ] || exec {packer} "$@"\npwd >{notes}/where\n'
            f'exec {strace} -f -y -qq --seccomp-bpf -e trace=open,openat -o {notes}/trace {packer} "$@"\n'
        )
        program.chmod(0o755)
        estate.user["PATH"] = f"{program.parent}:{estate.user['PATH']}"

    def opened(self) -> set[str]:
        """Paths of the repository that the last build opened."""
        where = (self._notes / "where").read_text().strip()
        found = set()
        for base, path in _OPENED.findall((self._notes / "trace").read_text(errors="surrogateescape")):
            whole = posixpath.relpath(posixpath.normpath(posixpath.join(base or where, path)), where)
            if not whole.startswith("../") and (self._folder / whole).is_file():
                found.add(whole)
        return found - {*_WRITTEN}

    def graph(self, name: str) -> set[str]:
        """The files that tfgen says the image is made of."""
        settings = parse_settings((self._folder / "tfgen.toml").read_text())
        found = find_templates(self._folder, "packer", settings, Outside(cache=FactsCache(details=True)))
        return set(build_graph(self._folder, DiskTree(self._folder), found, settings).made_of(name))
