"""One image's names in its template become another's: of its AMIs, tags, sources and playbook, and no other text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tfgen.new_image.settings_of import Label, Name, Setting, settings_of

_TAGS = frozenset({"tags", "run_tags", "run_volume_tags", "snapshot_tags", "spot_tags", "fleet_tags", "tag"})
_PLAYBOOKS = frozenset({"playbook_file", "playbook_files"})
_CHOOSING = frozenset({"only", "except"})
_NEW_NAME = {True: '"%s-{{timestamp}}"', False: '"%s-${formatdate("YYYYMMDDhhmmss", timestamp())}"'}


class Renamed(msgspec.Struct, frozen=True, kw_only=True):
    """The new texts by their old paths, what was changed, and whether a playbook's name was.

    `lines` are those of each file in which a name was changed, `named` the settings (path, line) that had none.
    `also_used` are others that use what was changed (path, line, setting).
    """

    texts: Mapping[str, bytes]
    lines: Mapping[str, tuple[int, ...]]
    named: tuple[tuple[str, int], ...]
    playbook: bool
    also_used: tuple[tuple[str, int, str], ...]


class _Words:
    """The words that mean the old image."""

    def __init__(self, words: Sequence[str], new: str) -> None:
        known = "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))
        self._pattern, self._new = re.compile(rf"(?<![A-Za-z0-9_])(?:{known})(?![A-Za-z0-9_])"), new

    def replaced(self, text: str) -> str:
        return self._pattern.sub(self._new, text)

    def in_file_name(self, path: str) -> str:
        """The path with another file name."""
        folder, slash, name = path.rpartition("/")
        return f"{folder}{slash}{self.replaced(name)}"


def file_name(path: str, words: Sequence[str], new: str) -> str:
    """Where the playbook at `path` is copied to: the same where the image's name is no part of its file name."""
    return posixpath.normpath(_Words(words, new).in_file_name(path))


def renamed(texts: Mapping[str, bytes], words: Sequence[str], new: str) -> Renamed:
    """The files of one readable template (path -> bytes) with `new` wherever `words` name the image."""
    settings: list[Setting] = []
    labels: list[Label] = []
    for path, data in texts.items():
        found, more = settings_of(path, data)
        settings += found
        labels += more
    return _Renaming(texts, settings, labels, _Words(words, new), new).result()


class _Renaming:
    def __init__(
        self,
        texts: Mapping[str, bytes],
        settings: Sequence[Setting],
        labels: Sequence[Label],
        words: _Words,
        new: str,
    ) -> None:
        self._texts, self._settings, self._labels, self._words, self._new = texts, settings, labels, words, new
        self._edits: dict[str, dict[tuple[int, int], tuple[str, int]]] = {path: {} for path in texts}
        self._named: list[tuple[str, int]] = []

    def result(self) -> Renamed:
        ami = self._reached(lambda name: name[:2] == ("source", "ami_name"))
        ours = self._reached(lambda name: name[0] == "source" and len(name) > 1 and name[1] in _TAGS)
        named = [one for one in self._settings if one.name in (("source", "name"), ("build", "name"))]
        playbooks = self._reached(lambda name: name[0] == "provisioner" and name[-1] in _PLAYBOOKS)
        has_name = self._rename(ami)
        self._rename([*ours, *named])
        has_playbook = self._rename(playbooks, paths=True)
        self._rename_sources(named)
        if not has_name:
            self._name_anew()
        changed = {
            one.name for one in self._settings if one.name[0] in ("var", "local") and self._edited(one) and one.name[1:]
        }
        known = {id(one) for one in (*ami, *ours, *named, *playbooks)}
        also = [one for one in self._settings if one.refers & changed and id(one) not in known]
        return Renamed(
            texts={path: self._text(path) for path in self._texts},
            lines={path: self._lines(path) for path in self._texts},
            named=tuple(self._named),
            playbook=has_playbook,
            also_used=tuple((one.path, one.line, one.name[-1]) for one in also),
        )

    def _reached(self, is_wanted: Callable[[Name], bool]) -> list[Setting]:
        """Settings of such names, and the variables and locals that they refer to."""
        found = [one for one in self._settings if is_wanted(one.name)]
        seen: set[Name] = set()
        pending = [name for one in found for name in one.refers]
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                more = [one for one in self._settings if one.name[:2] == name]
                found += more
                pending += [inner for one in more for inner in one.refers]
        return found

    def _rename(self, settings: Sequence[Setting], *, paths: bool = False) -> bool:
        """Whether any text of `settings` named the image."""
        done = False
        for one in settings:
            for start, end in one.texts:
                old = self._texts[one.path][start:end].decode()
                text = self._words.in_file_name(old) if paths else self._words.replaced(old)
                if text != old:
                    self._edits[one.path][start, end] = (text, one.line)
                    done = True
        return done

    def _rename_sources(self, named: Sequence[Setting]) -> None:
        """Sources of HCL2 by their labels, builders of JSON by their names, and what refers to them."""
        for label in self._labels:
            old = self._texts[label.path][slice(*label.place)].decode()
            if (text := self._words.replaced(old)) == old:
                continue
            self._edits[label.path][label.place] = (text, label.line)
            own = re.escape(old.strip('"')).encode()
            used = re.compile(rb"(?<![\w-])" + re.escape(label.kind).encode() + rb"\.(" + own + rb")(?![\w-])")
            for path, data in self._texts.items():
                for match in used.finditer(data):
                    line = data.count(b"\n", 0, match.start()) + 1
                    self._edits[path][match.span(1)] = (text.strip('"'), line)
        old_names = {self._texts[one.path][slice(*one.texts[0])] for one in named if one.texts and self._edited(one)}
        for one in self._settings:
            if _CHOOSING & {*one.name}:
                self._rename(
                    [one] if any(self._texts[one.path][slice(*span)] in old_names for span in one.texts) else []
                )

    def _name_anew(self) -> None:
        """AMIs whose name does not name the image get one that does."""
        for one in self._settings:
            if one.name == ("source", "ami_name"):
                form = _NEW_NAME[one.path.endswith(".json")]
                self._edits[one.path][one.value] = (form % self._new, one.line)
                self._named.append((one.path, one.line))

    def _edited(self, one: Setting) -> bool:
        return any(span in self._edits[one.path] for span in one.texts)

    def _text(self, path: str) -> bytes:
        data = self._texts[path]
        for (start, end), (text, _) in sorted(self._edits[path].items(), reverse=True):
            data = data[:start] + text.encode() + data[end:]
        return data

    def _lines(self, path: str) -> tuple[int, ...]:
        lines = {line for _, line in self._edits[path].values() if (path, line) not in self._named}
        return tuple(sorted(lines))
