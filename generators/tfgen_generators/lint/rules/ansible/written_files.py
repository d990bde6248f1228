"""The files that a shell text writes, and the folders that it fills, as its commands say it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.ran import SHELLS, Ran
from tfgen_generators.shell.tree import kinds
from tfgen_generators.shell.walk import walk

_COPIERS = frozenset({"cp", "install", "ln", "mv", "rsync", "scp"})
_FETCHERS = frozenset({"curl", "fetch", "wget"})
_UNPACKERS = frozenset({"7z", "bsdtar", "tar", "unzip"})
#: What only reads the files that it is given, and says so elsewhere (`>`).
_READERS = kinds(
    ". : [ [[ ansible-lint ansible-playbook awk basename cat cd chmod chown cmp cut diff dirname echo envsubst export",
    "file find grep head jq ls md5sum packer printf read realpath rm sha1sum sha256sum shellcheck sleep sort source",
    "stat tail test tr true uniq wc xargs yamllint yq",
)
_VALUES = frozenset({"-o", "--output", "-O", "--output-document", "-out", "-keyout", "-f", "-t", "--target-directory"})
_INTO = frozenset({"-C", "--directory", "-d", "-P", "--directory-prefix", "-t", "--target-directory"})
#: With them `ansible-galaxy` installs what a file lists, which other rules read.
_LISTS = ("-r", "--role-file", "--requirements-file")
_SHORTEST = 3


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a text writes, as paths from where it begins. Unless it `is_known`, something in it is no shell."""

    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    is_known: bool = True

    def has(self, path: str) -> bool:
        """Whether a path of the repository may be one of the files, or in one of the folders."""
        if any(_is(path, file) for file in self.files if "/" in file or "." in file):
            return True
        parts = path.split("/")
        above = ["/".join(parts[:number]) for number in range(1, len(parts))]
        return any(_is(folder, one) for folder in above if len(folder) > _SHORTEST for one in self.folders)


@lru_cache(maxsize=500)
def written_by(text: str) -> Written:
    """What a text writes."""
    found = walk(text)
    files: set[str] = set()
    folders: set[str] = set()
    for ran in found.ran:
        is_listed = ran.words[0].rpartition("/")[2] == "ansible-galaxy" and any(
            word.startswith(_LISTS) for word in ran.words
        )
        named = [*ran.writes, *(() if is_listed else _files(ran))]
        filled = () if is_listed else tuple(_folders(ran))
        for folder in ran.folders:
            files |= {_from_root(joined(folder, word)) for word in named if word}
            folders |= {_from_root(joined(folder, word)) for word in filled if word}
    return Written(files=frozenset(files), folders=frozenset(folders), is_known=found.is_whole)


def _from_root(path: str) -> str:
    return posixpath.normpath(path.removeprefix(ANCHOR) or ".")


def _files(ran: Ran) -> Iterator[str]:
    """The files that one command writes, but for what it is redirected to."""
    program, words = ran.words[0].rpartition("/")[2], ran.words[1:]
    operands = [word for word in words if not word.startswith("-")]
    if program in _COPIERS:
        target = next(iter(_values(words, _INTO)), operands[-1] if len(operands) > 1 else "")
        yield target
        yield from (f"{target}/{posixpath.basename(word.rstrip('/'))}" for word in operands[:-1])
    elif program in _FETCHERS:
        yield from _values(words, _VALUES)
        yield from (posixpath.basename(word.partition("?")[0]) for word in operands if "/" in word)
    elif program == "sed" or program in _READERS or program in SHELLS:
        yield from operands[1:] if program == "sed" and any(word.startswith("-i") for word in words) else ()
    elif program != "git":
        yield from operands
        yield from (word.partition("=")[2] for word in words if "=" in word)
        yield from _values(words, _VALUES)


def _folders(ran: Ran) -> Iterator[str]:
    """The folders that one command fills."""
    program, words = ran.words[0].rpartition("/")[2], ran.words[1:]
    operands = [word for word in words if not word.startswith("-")]
    if program == "git" and words[:1] == ("clone",):
        source, *target = [*operands[1:], "", ""][:2]
        yield target[0] or posixpath.basename(source.rstrip("/")).removesuffix(".git")
    elif program in _COPIERS:
        yield from _files(ran)
    elif program in _UNPACKERS:
        yield from _values(words, _INTO)
        yield from operands
        yield from (posixpath.basename(word).partition(".")[0] for word in operands)
    elif program == "mkdir" or program not in (*_READERS, *SHELLS, "git", "sed"):
        yield from operands
        yield from _values(words, _INTO)


def _values(words: Sequence[str], options: frozenset[str]) -> Iterator[str]:
    for before, word in zip(("", *words), words, strict=False):
        if before in options:
            yield word
        elif "=" in word and word.partition("=")[0] in options:
            yield word.partition("=")[2]


def _is(path: str, word: str) -> bool:
    """Whether a word means a path, from a folder that is not known."""
    plain = re.sub(r"^(\.\./)+|^/+", "", word)
    if UNKNOWN in plain:
        known = plain.replace(UNKNOWN, "").strip("./")
        return len(known) > _SHORTEST and bool(_pattern(plain).fullmatch(path))
    return bool(plain.strip("./")) and (path == plain or path.endswith(f"/{plain}"))


@lru_cache(maxsize=500)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(?:.*/)?" + ".*".join(map(re.escape, re.split(f"{UNKNOWN}+", text))), re.DOTALL)
