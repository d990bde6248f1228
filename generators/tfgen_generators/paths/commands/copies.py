"""Where commands put copies of the repository's files: what runs or is read there is what was copied."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN

#: Programs that run others where a folder may be mounted.
CONTAINERS = frozenset({"docker", "nerdctl", "podman"})
_COPIERS = frozenset({"cp", "install", "ln", "mv", "rsync"})
#: Those whose output is what they read, more or less.
_FILTERS = frozenset({"awk", "cat", "envsubst", "grep", "head", "perl", "sed", "sort", "tail", "tr"})
#: Options of these that take their value as the next word.
_VALUED = frozenset({"-m", "-o", "-g", "-S", "-t", "--mode", "--owner", "--group"})
_OF_TAR = frozenset({"-C", "--directory", "-f", "--file", "--exclude"})
_OF_GIT = frozenset({"-b", "--branch", "--depth", "-o", "--origin", "-c", "--config", "--reference", "-j", "--jobs"})
_MOST = 500

Find = Callable[[str, Sequence[str]], list[str]]


class Copies:
    """Copies made so far. `find` gives the paths of the repository that a word means in some folders."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._places: dict[str, dict[str, None]] = {}
        #: What archives were made of, by their place; "-" is a pipe. What a pipe's last filter read.
        self._archives: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._piped: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been copied."""
        return not self._places

    def origins(self, path: str) -> list[str]:
        """What was copied to a place, or to a folder that it is in."""
        found: dict[str, None] = {}
        rest = ""
        while self._places and path and path not in ("/", "."):
            for origin in self._places.get(path, ()):
                found[posixpath.normpath(posixpath.join(origin, rest))] = None
            path, slash, name = path.rpartition("/")
            rest = posixpath.join(name, rest) if rest else name
            if not slash:
                break
        return list(found)

    def learn(self, words: Sequence[str], reads: Sequence[str], writes: Sequence[str], folders: Sequence[str]) -> None:
        """What one command copies."""
        program = words[0].rpartition("/")[2]
        if program in _COPIERS and len(words) > 2:
            self._copied(program, words[1:], folders)
        elif program == "git" and words[1:2] == ("clone",):
            source, named = [*_operands(words[2:], _OF_GIT), "", ""][:2]
            source = source.removeprefix("file://")
            self._put(source, folders, named or posixpath.basename(source.rstrip("/.")), folders)
        elif program == "git" and words[1:3] == ("worktree", "add"):
            for place in list(_operands(words[3:], _OF_GIT))[:1]:
                self._put(ANCHOR, folders, place, folders)
        elif program == "tar":
            self._archived(words, writes, reads, folders)
        elif program in CONTAINERS:
            self._mounted(words, folders)
        elif program in _FILTERS or program == "tee":
            operands = tuple(_operands(words[1:], frozenset()))
            sources = self._piped if program == "tee" else (*operands, *reads)
            for place in (*writes, *(operands if program == "tee" else ())):
                for source in sources:
                    self._put(source, folders, place, folders)
            self._piped = sources

    def _archived(
        self, words: Sequence[str], writes: Sequence[str], reads: Sequence[str], folders: Sequence[str]
    ) -> None:
        """`tar c FOLDER | tar x -C TARGET`, `tar cf FILE FOLDER; tar xf FILE -C TARGET`."""
        mode = words[1].lstrip("-") if len(words) > 1 else ""
        named = [value for before, value in pairwise(words) if before in ("-C", "--directory")]
        files_behind = ("-f", "--file", *(words[1:2] if "f" in mode else ()))
        given = [value for before, value in pairwise(words) if before in files_behind]
        operands = [word for word in _operands(words[2:], _OF_TAR) if word not in given]
        inner = [joined(folder, named[0]) for folder in folders] if named else list(folders)
        given = [one for one in given or [*writes, *reads] if one != "-"]
        files = [joined(folder, one) for folder in folders for one in given] or ["-"]
        if mode[:1] in ("c", "r", "u"):
            for file in files:
                self._archives[file] = [(folder, tuple(operands)) for folder in inner]
        elif mode[:1] == "x":
            for folder, names in (one for file in files for one in self._archives.get(file, ())):
                for name in names:
                    self._put(name, [folder], name, inner)

    def _mounted(self, words: Sequence[str], folders: Sequence[str]) -> None:
        for source, target in mounts(words):
            self._put(source, folders, target, folders)

    def _copied(self, program: str, words: Sequence[str], folders: Sequence[str]) -> None:
        operands = list(_operands(words, _VALUED))
        named = [value for before, value in pairwise(words) if before == "-t"]
        named += [word.partition("=")[2] for word in words if word.startswith("--target-directory=")]
        target = named[0] if named else operands.pop() if len(operands) > 1 else ""
        for source in operands if target else ():
            seen_from = [*folders]
            if program == "ln":
                seen_from += [joined(folder, posixpath.dirname(target) or ".") for folder in folders]
            self._put(source, seen_from, target, folders)
            self._put(source, seen_from, f"{target}/{posixpath.basename(source.rstrip('/.'))}", folders)

    def _put(self, source: str, seen_from: Sequence[str], target: str, folders: Sequence[str]) -> None:
        """`source` lies at `target`; of what has wildcards, each under its own name in it."""
        is_known = source.strip(f"{UNKNOWN}*./ ") or source.strip("/") in (".", "..", "\0")
        origins = self._find(source, seen_from) if is_known else []
        many = len(origins) > 1
        for folder in folders:
            place = joined(folder, target.rstrip("/") or "/")
            for origin in origins if len(self._places) < _MOST else ():
                own = posixpath.join(place, posixpath.basename(origin)) if many and "*" in source else place
                if own != origin:
                    self._places.setdefault(own, {})[origin] = None


def mounts(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Folder and target of `docker run -v FOLDER:TARGET`, `--mount type=bind,source=FOLDER,target=TARGET`."""
    for before, word in pairwise(words):
        option, is_given, value = word.partition("=") if word.startswith("--") else (before, "", word)
        value = value if is_given else word
        if option in ("-v", "--volume") and ":" in value:
            source, target = value.split(":")[:2]
            yield source, target
        elif option == "--mount":
            parts = dict(part.partition("=")[::2] for part in value.split(","))
            yield parts.get("source", parts.get("src", "")), parts.get("target", parts.get("dst", ""))


def _operands(words: Sequence[str], valued: frozenset[str]) -> Iterator[str]:
    before = ""
    for word in words:
        if before not in valued and not word.startswith("-"):
            yield word
        before = word
