"""From the texts of paths to what is there: relative to which folder, and everything that a text may mean."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

import msgspec

from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.trees import globs
from tfgen_generators.trees.linked import LinkedTree, files_below

#: Where a name is not known at all: no image is made of these.
_NEVER = re.compile(
    r"(^|/)(readme|changelog|license|contributing)[^/]*$|\.md$|(^|/)\.(git|github|gitlab|vscode|idea|venv|terraform)"
    r"|(^|/)(node_modules|__pycache__)/",
    re.IGNORECASE,
)


class ResolvedPath(msgspec.Struct, frozen=True, kw_only=True):
    """What a text means: one path that exists, or (`widened`) all files that it may mean, named by `pattern`."""

    path: str = ""
    pattern: str = ""
    widened: bool = False


class PathResolver:
    """Finds paths in one tree; remembers what patterns match."""

    def __init__(self, tree: LinkedTree) -> None:
        self.tree = tree
        self._all: list[str] | None = None
        self._there: dict[tuple[str, str], str | None] = {}
        self._matches: dict[str, tuple[str, ...]] = {}
        self._below: dict[str, tuple[str, ...]] = {}
        self._depths: dict[str, int] = {}
        #: What words of commands mean, seen from some folders, where nothing has been copied.
        self.words: dict[tuple[str, tuple[str, ...]], list[str]] = {}

    def find(self, text: str, folders: Sequence[str], *, globs: bool = False) -> list[ResolvedPath]:
        """What `text` means, seen from each of `folders`; nothing where nothing is there.

        What is absolute is not of the repository. `globs`: `*` and `?` match, as Packer's lists of media have it.
        """
        if UNKNOWN in text or (globs and any(sign in text for sign in "*?")):
            return self._widened(text, folders)
        if text.startswith(ANCHOR):
            text, folders = text[len(ANCHOR) :] or ".", ["."]
        found = [self._at(folder, text) for folder in folders] if _is_relative(text) else []
        return [ResolvedPath(path=path) for path in dict.fromkeys(found) if path]

    def _at(self, folder: str, text: str) -> str | None:
        key = folder, text
        if key not in self._there:
            path = posixpath.normpath(posixpath.join(folder, text))
            self._there[key] = path if self.tree.kind(path) else None
        return self._there[key]

    def _widened(self, text: str, folders: Sequence[str]) -> list[ResolvedPath]:
        text = text.replace("?", "[^/]") if UNKNOWN not in text else text
        if text.startswith(ANCHOR):
            patterns = [posixpath.normpath(text[len(ANCHOR) :])]
        elif text.startswith(UNKNOWN):
            patterns = [text]
        elif not _is_relative(text):
            return []
        else:
            fixed = text.partition(UNKNOWN)[0].partition("*")[0].rpartition("/")[0]
            near = [folder for folder in folders if self._at(folder, fixed or ".")] or folders[:1]
            patterns = [posixpath.normpath(posixpath.join(folder, text)) for folder in near]
        # What is not known in front may be the root.
        patterns += [one[2:] for one in patterns if one.startswith(f"{UNKNOWN}/")]
        return [ResolvedPath(pattern=_starred(pattern), widened=True) for pattern in dict.fromkeys(patterns)]

    def from_elsewhere(self, text: str) -> list[ResolvedPath]:
        """What a path means whose `..` lead out of the repository from all folders looked at: Packer runs deeper in it.

        Where that can be one place only it is that; all other places of that name may be meant.
        """
        parts = posixpath.normpath(text).split("/")
        up = parts.count("..")
        end = "/".join(parts[up:])
        found = [place for place in self.find(f"{UNKNOWN}/{end}", ["."]) if self.match(place.pattern)] if end else []
        files = (file for place in found for file in self.match(place.pattern))
        above = dict.fromkeys(folder for file in files for folder in _folders_of(file, end))
        sure = [folder for folder in above if self._depth(folder) >= up]
        if len(sure) != 1:
            return found
        return [ResolvedPath(path=posixpath.normpath(f"{sure[0]}/{end}")), *(found if len(above) > 1 else ())]

    def _depth(self, folder: str) -> int:
        """How many folders are in one another in `folder`."""
        if folder not in self._depths:
            own = 0 if folder == "." else folder.count("/") + 1
            self._depths[folder] = max((path.count("/") - own for path in self.below(folder)), default=0)
        return self._depths[folder]

    def match(self, pattern: str) -> tuple[str, ...]:
        """The files that a pattern of `find` means: `*` is any text, and a folder is everything in it."""
        if pattern not in self._matches:
            matches = glob(pattern, "(/.*)?").fullmatch
            vague = not re.search(r"[A-Za-z0-9]{2}", pattern)
            self._matches[pattern] = tuple(
                path for path in self.all_files() if matches(path) and not (vague and _NEVER.search(path))
            )
        return self._matches[pattern]

    def below(self, folder: str) -> tuple[str, ...]:
        """Every file in a folder."""
        if folder not in self._below:
            self._below[folder] = tuple(files_below(self.tree, folder))
        return self._below[folder]

    def all_files(self) -> list[str]:
        """Every file of the repository."""
        if self._all is None:
            self._all = files_below(self.tree, ".")
        return self._all


def _folders_of(path: str, end: str) -> Iterator[str]:
    """The folders from which `end` leads to `path`, or to a folder that it is in."""
    whole = f"/{path}/"
    at = whole.find(f"/{end}/")
    while at >= 0:
        yield whole[1:at] or "."
        at = whole.find(f"/{end}/", at + 1)


def _starred(pattern: str) -> str:
    while "../" in pattern:  # an unknown piece before it
        pattern = UNKNOWN + pattern.rpartition("../")[2]
    return re.sub(f"[{UNKNOWN}*]+", "*", pattern)


def glob(pattern: str, ending: str = "") -> re.Pattern[str]:
    """What matches a pattern, followed by the expression `ending`; `*` is any text."""
    return re.compile(globs.from_stars(pattern, "*") + ending, re.DOTALL)


def _is_relative(text: str) -> bool:
    return bool(text) and not text.startswith(("/", "~", "\0")) and "://" not in text
