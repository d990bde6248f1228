"""The commands that run on the machine that builds: a text's own, and those of the scripts and makefiles it starts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tfgen_generators.paths.command_folders import given_in, seen_from
from tfgen_generators.paths.filesets import find_filesets
from tfgen_generators.paths.makefiles import MAKEFILES, read_makefile
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.expand import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.operands import first_operand, option_of
from tfgen_generators.shell.ran import SHELLS, Walked
from tfgen_generators.shell.walk import walk

#: How deep scripts may start scripts, and how many commands are followed in all.
_DEEPEST, _MOST = 12, 5000
#: A line that ends with a file being sourced; so many are filled in into one text.
_SOURCES = re.compile(r"(?:^|[\s;&({])(?:\.|source)[ \t]+[^\s;&|]+[ \t]*$", re.MULTILINE)
_MOST_SOURCED = 12
_MAKE = frozenset({"make", "gmake"})
_INTERPRETERS = re.compile(r"python[\d.]*|perl|ruby|node|pwsh|php")
_SHEBANG = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?([\w.+-]+)")
_SHELL_ENDINGS = (".sh", ".bash", ".ksh", ".zsh")
_LONGEST_PROGRAM = 100_000
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
    path: str = ""
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
        texts = tuple(texts)
        for folder in folders:
            yield from self._of_texts(texts, folder, dict(variables or {}))

    def _of_texts(self, texts: Sequence[str], folder: str, given: dict[str, str]) -> Iterator[LocalCommand]:
        current: tuple[str, ...] = (folder,)
        for one in texts:
            text, lines = self._with_sourced(one, "", current, given)
            found = walk(text, given_in(given, current))
            inside: list[str] = []
            yield from self._followed(found, current, given, "", frozenset(), 0, inside, lines)
            current = seen_from((*current, *inside), found.folders)
            given = {**given, **dict(found.variables)}

    def of_script(
        self, path: str, folders: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Iterator[LocalCommand]:
        """What a script of the repository runs that is started in `folders`."""
        for folder in folders:
            yield from self._script(path, (folder,), dict(variables or {}), frozenset(), 0)

    def _followed(
        self,
        found: Walked,
        folders: tuple[str, ...],
        variables: Mapping[str, str],
        script: str,
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
        inside: list[str] | None = None,
        lines: Sequence[tuple[str, int]] = (),
    ) -> Iterator[LocalCommand]:
        """What was found, with what it starts. `inside` gets the folders that files lead to which it sources.

        `lines` are the script and its line of each line, where they are not those of `script`.
        """
        inside = [] if inside is None else inside
        for ran in found.ran:
            self._left -= 1
            if self._left < 0:
                return
            own = seen_from((*folders, *inside), ran.folders)
            command = LocalCommand(
                words=ran.words,
                folders=own,
                reads=ran.reads,
                sets=ran.sets,
                script=lines[ran.line][0] if ran.line < len(lines) else script,
                line=lines[ran.line][1] if ran.line < len(lines) else ran.line + 1,
                path=ran.path,
            )
            started = self._started(command)
            files = tuple(dict.fromkeys(path for path, _ in started))
            texts = (*(text for path in files for text in self._texts(path)), *_texts_in(command, ran.given))
            yield msgspec.structs.replace(command, files=files, texts=texts)
            yield from self._of_other_languages(command, texts, variables, above, depth)
            for path, arguments in started:
                inner = {**variables, **dict(ran.sets), **{str(at): word for at, word in enumerate(arguments, 1)}}
                is_shell = command.program in (".", "source", *SHELLS)
                yield from self._script(path, own, inner, above, depth, is_shell=is_shell)
                if command.words[0] in (".", "source"):
                    inside += (one for one in self._led_to(path, own, inner) if one not in (*folders, *inside))
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
        *,
        is_shell: bool = False,
    ) -> Iterator[LocalCommand]:
        text = self._shell_text(path, is_shell=is_shell)
        if text is None or depth >= _DEEPEST or (path, folders) in above:
            return
        own = {**variables, "0": ANCHOR + path}
        text, lines = self._with_sourced(text, path, folders, own)
        found = walk(text, given_in(own, folders))
        yield from self._followed(found, folders, variables, path, above | {(path, folders)}, depth + 1, lines=lines)

    def _with_sourced(
        self, text: str, script: str, folders: tuple[str, ...], variables: Mapping[str, str]
    ) -> tuple[str, list[tuple[str, int]]]:
        """A text with the files that it sources behind the lines that do; the script and its line of each line."""
        rows = text.split("\n")
        lines = [(script, number) for number in range(1, len(rows) + 1)]
        done: set[tuple[str, int]] = set()
        for _ in range(_MOST_SOURCED if _SOURCES.search(text) else 0):
            found = walk("\n".join(rows), given_in(variables, folders))
            sources = [one for one in found.ran if one.words[0] in (".", "source") and len(one.words) > 1]
            new = [one for one in sources if lines[one.line] not in done and _SOURCES.search(rows[one.line])]
            if not new:
                break
            at = new[0].line
            done.add(lines[at])
            for path in self.files(new[0].words[1], seen_from(folders, new[0].folders))[:1]:
                more = (self._shell_text(path, is_shell=True) or "").split("\n")
                rows[at + 1 : at + 1] = more
                lines[at + 1 : at + 1] = [(path, number) for number in range(1, len(more) + 1)]
        return "\n".join(rows), lines

    def _led_to(self, path: str, folders: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
        """Where a script that is sourced ends."""
        text = self._shell_text(path, is_shell=True)
        found = walk(text, given_in({**variables, "0": ANCHOR + path}, folders)) if text else Walked(ran=())
        return seen_from(folders, found.folders)

    def _started(self, command: LocalCommand) -> list[tuple[str, tuple[str, ...]]]:
        """The files of the repository that a command runs, and the arguments that they get."""
        words = command.words
        word, rest = (words[0], words[1:]) if words else ("", ())
        if word in (".", "source"):
            word, rest = (words[1], words[2:]) if len(words) > 1 else ("", ())
        elif command.program in SHELLS or _INTERPRETERS.fullmatch(command.program):
            at = first_operand(words)
            word, rest = (words[at], words[at + 1 :]) if at else ("", ())
            if not at and len(command.reads) == 1 and "-c" not in words:
                word = command.reads[0]
        elif "/" not in word:
            folders = [entry for entry in command.path.split(":") if entry.strip(UNKNOWN)]
            return [(path, rest) for entry in folders for path in self.files(joined(entry, word), command.folders)]
        return [(path, rest) for path in self.files(word, command.folders)] if word else []

    def files(self, word: str, folders: Sequence[str]) -> list[str]:
        """The files that a word means, wildcards filled in as a shell does, seen from `folders`."""
        return [path for path in self.paths(word, folders) if self._paths.tree.kind(path) == "file"]

    def paths(self, word: str, folders: Sequence[str]) -> list[str]:
        """The same, with folders; of what is not known in it all files that it may mean."""
        found: dict[str, None] = {}
        for folder in folders:
            text = word if word.startswith(f"{UNKNOWN}/") else joined(folder, word)
            if UNKNOWN not in text and _GLOB.search(text):
                for one in find_filesets(self._paths, (("",), (text, f"{text}/**")), ["."]):
                    found |= dict.fromkeys(one.files)
                continue
            for place in self._paths.find(text, ["."]):
                found |= dict.fromkeys(self._paths.match(place.pattern) if place.widened else [place.path])
        return list(found)

    def _shell_text(self, path: str, *, is_shell: bool = False) -> str | None:
        """The text of a shell script; None for what is none. `is_shell`: a shell is given it."""
        data = self._paths.tree.read(path)
        if is_shell and b"\0" not in data[:1024]:
            return data.decode("utf-8", "replace")
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
            found = walk(recipe, given_in(own, (folder,)))
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
