"""The commands that run on the machine that builds: a text's own, and those of the scripts and makefiles it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tfgen_generators.paths.filesets import find_filesets
from tfgen_generators.paths.makefiles import MAKEFILES, read_makefile
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.expand import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.ran import SHELLS, Walked
from tfgen_generators.shell.walk import walk

#: How deep scripts may start scripts, and how many commands are followed in all.
_DEEPEST, _MOST = 12, 5000
_MAKE = frozenset({"make", "gmake"})
_INTERPRETERS = re.compile(r"python[\d.]*|perl|ruby|node|pwsh|php")
_SHEBANG = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?([\w.+-]+)")
_SHELL_ENDINGS = (".sh", ".bash", ".ksh", ".zsh")
_LONGEST_PROGRAM = 100_000
#: Options of a shell that take a value.
_VALUED = ("-o", "+o", "-O", "+O", "--rcfile", "--init-file")
#: Texts in a program of another language that may be paths.
_GLOB = re.compile(r"[*?]|\[[^]]+\]")
_QUOTED = re.compile(r"""["'`]([^"'`\n]{1,300})["'`]""")
#: And those that are commands for a shell.
_COMMAND_LINE = re.compile(r"(^|[\s;&|/])(ansible-playbook|make|packer|(ba)?sh)\s+\S|^\S+\.sh\s")


class LocalCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `folders` are from the repository's root (`UNKNOWN` where only a run knows).

    `script` is the file that it stands in, "" for the text itself; `line` counts from 1. `files` are scripts that it
    starts, with `texts` that these, being no shell, may take for paths.
    """

    words: tuple[str, ...]
    folders: tuple[str, ...]
    reads: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    script: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The name of the program."""
        return self.words[0].rpartition("/")[2] if self.words else ""


class LocalCommands:
    """Follows commands through one tree."""

    def __init__(self, path_resolver: PathResolver) -> None:
        self._paths = path_resolver
        self._left = _MOST

    def of_texts(
        self, texts: Iterable[str], folders: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Iterator[LocalCommand]:
        """What texts run one behind the other in one shell that begins in `folders`."""
        given = dict(variables or {})
        current = tuple(folders)
        for text in texts:
            found = walk(text, tuple(sorted(given.items())))
            yield from self._followed(found, current, given, "", frozenset(), 0)
            current = _seen_from(current, found.folders)
            given = {**given, **dict(found.variables)}

    def of_script(
        self, path: str, folders: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Iterator[LocalCommand]:
        """What a script of the repository runs that is started in `folders`."""
        yield from self._script(path, tuple(folders), dict(variables or {}), frozenset(), 0)

    def _followed(
        self,
        found: Walked,
        folders: tuple[str, ...],
        variables: Mapping[str, str],
        script: str,
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        for ran in found.ran:
            self._left -= 1
            if self._left < 0:
                return
            own = _seen_from(folders, ran.folders)
            command = LocalCommand(
                words=ran.words, folders=own, reads=ran.reads, sets=ran.sets, script=script, line=ran.line + 1
            )
            started = self._started(command)
            files = tuple(dict.fromkeys(path for path, _ in started))
            texts = (*(text for path in files for text in self._texts(path)), *_texts_in(command, ran.given))
            yield msgspec.structs.replace(command, files=files, texts=texts)
            yield from self._of_other_languages(command, texts, variables, above, depth)
            for path, arguments in started:
                inner = {**variables, **dict(ran.sets), **{str(at): word for at, word in enumerate(arguments, 1)}}
                yield from self._script(path, own, inner, above, depth)
            for makefile, folder in self._makefiles(command):
                yield from self._makefile(makefile, folder, variables, above, depth)

    def _of_other_languages(
        self,
        command: LocalCommand,
        texts: Sequence[str],
        variables: Mapping[str, str],
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        """What a program that is no shell starts, by its texts: command lines, and playbooks for Ansible."""
        for text in texts if depth < _DEEPEST else ():
            if _COMMAND_LINE.search(text):
                found = walk(text, tuple(sorted(variables.items())))
                yield from self._followed(found, command.folders, variables, command.script, above, depth + 1)
        if any(text.rpartition("/")[2] == "ansible-playbook" for text in texts):
            named = (text for text in texts if text.endswith((".yml", ".yaml")))
            yield msgspec.structs.replace(command, words=("ansible-playbook", *named), texts=())

    def _script(
        self,
        path: str,
        folders: tuple[str, ...],
        variables: dict[str, str],
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        text = self._shell_text(path)
        if text is None or depth >= _DEEPEST or (path, folders) in above:
            return
        found = walk(text, tuple(sorted({**variables, "0": ANCHOR + path}.items())))
        yield from self._followed(found, folders, variables, path, above | {(path, folders)}, depth + 1)

    def _started(self, command: LocalCommand) -> list[tuple[str, tuple[str, ...]]]:
        """The files of the repository that a command runs, and the arguments that they get."""
        words = command.words
        word, rest = (words[0], words[1:]) if words else ("", ())
        if word in (".", "source"):
            word, rest = (words[1], words[2:]) if len(words) > 1 else ("", ())
        elif command.program in SHELLS or _INTERPRETERS.fullmatch(command.program):
            at = _first_operand(words)
            word, rest = (words[at], words[at + 1 :]) if at else ("", ())
            if not at and len(command.reads) == 1 and "-c" not in words:
                word = command.reads[0]
        elif "/" not in word:
            return []
        return [(path, rest) for path in self.files(word, command.folders)] if word else []

    def files(self, word: str, folders: Sequence[str]) -> list[str]:
        """The files that a word means, wildcards filled in as a shell does, seen from `folders`."""
        return [path for path in self.paths(word, folders) if self._paths.tree.kind(path) == "file"]

    def paths(self, word: str, folders: Sequence[str]) -> list[str]:
        """The same, with folders; of what is not known in it all files that it may mean."""
        found: dict[str, None] = {}
        for folder in folders:
            text = joined(folder, word)
            if UNKNOWN not in text and _GLOB.search(text):
                for one in find_filesets(self._paths, (("",), (text, f"{text}/**")), ["."]):
                    found |= dict.fromkeys(one.files)
                continue
            for place in self._paths.find(text, ["."]):
                found |= dict.fromkeys(self._paths.match(place.pattern) if place.widened else [place.path])
        return list(found)

    def _shell_text(self, path: str) -> str | None:
        """The text of a shell script; None for what is none."""
        data = self._paths.tree.read(path)
        match = _SHEBANG.match(data)
        if b"\0" in data[:1024] or (match and match[1].decode("ascii", "replace") not in SHELLS):
            return None
        if not match and "." in posixpath.basename(path).lstrip(".") and not path.endswith((*_SHELL_ENDINGS, ".env")):
            return None
        return data.decode("utf-8", "replace")

    def _texts(self, path: str) -> Iterator[str]:
        """What a program in another language may take for paths."""
        if self._shell_text(path) is None:
            data = self._paths.tree.read(path)
            if b"\0" not in data[:1024]:
                yield from dict.fromkeys(_QUOTED.findall(data.decode("utf-8", "replace")))

    def _makefiles(self, command: LocalCommand) -> Iterator[tuple[str, str]]:
        """The makefiles that a command runs, each with the folder that it runs in."""
        if command.program not in _MAKE:
            return
        words = list(command.words[1:])
        folder_word = option_of(words, "-C", "--directory")
        named = option_of(words, "-f", "--file", "--makefile")
        for folder in command.folders:
            inner = joined(folder, folder_word) if folder_word else folder
            for name in (named,) if named else MAKEFILES:
                found = self.files(name, [inner])
                yield from ((path, inner) for path in found)
                if found:
                    break

    def _makefile(
        self,
        path: str,
        folder: str,
        variables: Mapping[str, str],
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        if depth >= _DEEPEST or (path, (folder,)) in above:
            return
        makefile = read_makefile(self._paths.tree.read(path).decode("utf-8", "replace"))
        own = {**variables, **makefile.variables}
        inner = above | {(path, (folder,))}
        yield LocalCommand(words=(":",), folders=(folder,), script=path, files=(path,))
        for line, recipe in makefile.recipes:
            found = walk(recipe, tuple(sorted(own.items())))
            for one in self._followed(found, (folder,), own, path, inner, depth + 1):
                yield msgspec.structs.replace(one, line=line) if one.script == path else one
        for name in makefile.included:
            for file in self.files(name, [folder]):
                yield from self._makefile(file, folder, own, inner, depth + 1)


def _texts_in(command: LocalCommand, given: str) -> Iterator[str]:
    """The texts in a program that stands in the command: `python -c PROGRAM`, or is read by it."""
    if _INTERPRETERS.fullmatch(command.program):
        for program in (given, *command.words[1:]):
            yield from dict.fromkeys(_QUOTED.findall(program)) if len(program) <= _LONGEST_PROGRAM else ()


def _seen_from(folders: Iterable[str], inner: Iterable[str]) -> tuple[str, ...]:
    inner = list(inner)
    found = dict.fromkeys(_from_root(joined(folder, one)) for folder in folders for one in inner)
    return tuple(found) if len(found) <= 8 else (UNKNOWN,)


def _from_root(folder: str) -> str:
    return folder.removeprefix(ANCHOR) or "." if folder.startswith(ANCHOR) else folder


def _first_operand(words: Sequence[str]) -> int:
    """The number of the first word that is no option; 0 where there is none, or where a text is run (`-c`)."""
    at = 1
    while at < len(words):
        word = words[at]
        if word in _VALUED:
            at += 1
        elif not word.startswith(("-", "+")) or word == "-":
            return at
        elif not word.startswith("--") and word.endswith(("c", "m")):
            return 0
        at += 1
    return 0


def option_of(words: Sequence[str], short: str, *names: str) -> str:
    """The value of an option in the words of a command, "" where it is not given."""
    for at, word in enumerate(words):
        if word in (short, *names) and at + 1 < len(words):
            return words[at + 1]
        if word.startswith(short) and len(word) > len(short):
            return word[len(short) :]
        if word.partition("=")[0] in names and "=" in word:
            return word.partition("=")[2]
    return ""
