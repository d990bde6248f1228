"""Missing references as they are found, each once, with all the images that it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from tfgen_generators.paths.model import MissingKind, MissingReference
from tfgen_generators.trees.linked import LinkedTree

_IN_NAME = re.compile(r"[\w.-]")
#: So many missing paths are looked for in the text of the templates, and so many in what is there instead; the longest
#: ends of each have so many parts.
_MOST_LOOKED_FOR, _MOST_NEAR, _MOST_PARTS = 5000, 1000, 40


class MissingReferences:
    """Collects missing references over one tree."""

    def __init__(self, tree: LinkedTree) -> None:
        self._tree = tree
        self._found: dict[tuple[str, str, int, str], MissingReference] = {}
        self._images: dict[tuple[str, str, int, str], dict[str, None]] = {}
        self._texts: dict[str, list[str]] = {}
        self._looked_for = 0

    def add(self, missing: MissingReference, images: Iterable[str]) -> None:
        """Remembers `missing` for `images`."""
        key = (missing.kind, missing.path, missing.line, missing.name)
        self._found.setdefault(key, missing)
        self._images.setdefault(key, {}).update(dict.fromkeys((*missing.templates, *images)))

    def missing(
        self, kind: MissingKind, members: Iterable[str], name: str, what: str, image: str, at: str = ""
    ) -> None:
        """A path that a template's members name and that is not there. `at`: the text that stands there, if another."""
        from tfgen_generators.nearest import near_path

        path, line = self._where(tuple(members), at or name)
        near = near_path(name, self._tree.names) if len(self._found) < _MOST_NEAR else ""
        fix = f"did you mean {near}?" if near else "create it, or fix the path"
        message = f"{what} {name!r} not found"
        self.add(MissingReference(kind=kind, path=path, line=line, name=name, message=message, fix=fix), [image])

    def broken(self, path: str, line: int, message: str) -> None:
        """A file that cannot be read as what it should be."""
        self.add(MissingReference(kind="broken-yaml", path=path, line=line, message=message, fix="fix it"), [])

    def all(self) -> list[MissingReference]:
        """All gaps, sorted by where they are."""
        found = [
            msgspec.structs.replace(missing, templates=tuple(sorted(self._images[key])))
            for key, missing in self._found.items()
        ]
        return sorted(found, key=lambda missing: (missing.path, missing.line, missing.kind, missing.name))

    def _where(self, members: tuple[str, ...], name: str) -> tuple[str, int]:
        """The line of a template on which `name` stands; where it is composed, as much of its end as stands there."""
        parts = [part for part in name.split("/") if part not in (".", "..")]
        first = max(len(parts) - _MOST_PARTS, 0)
        searched = self._looked_for < _MOST_LOOKED_FOR
        self._looked_for += 1
        for tail in (name, *("/".join(parts[start:]) for start in range(first, len(parts)))) if searched else ():
            for path in members if tail else ():
                for number, line in enumerate(self._lines(path), start=1):
                    if tail in line and not line.lstrip().startswith(("#", "//")) and _has_word(line, tail):
                        return path, number
        return (members[0], 0) if members else ("", 0)

    def _lines(self, path: str) -> list[str]:
        if path not in self._texts:
            try:
                data = self._tree.content(self._tree.real(path))
            except OSError:
                data = b""
            self._texts[path] = data.decode("utf-8", "replace").splitlines()
        return self._texts[path]


def _has_word(line: str, word: str) -> bool:
    """Whether `word` stands in `line`, and not as a part of a longer name."""
    at = -1
    while (at := line.find(word, at + 1)) >= 0:
        end = at + len(word)
        if not (_IN_NAME.match(line, at - 1) if at else None) and not _IN_NAME.match(line, end):
            return True
    return False
