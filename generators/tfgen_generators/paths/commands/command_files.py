"""The files of the repository that the words of a command mean, also where they have been copied to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from weakref import proxy

import msgspec

from tfgen_generators.paths.commands.copies import CONTAINERS, Copies
from tfgen_generators.paths.commands.model import LocalCommand
from tfgen_generators.paths.commands.programs import INTERPRETERS, module_files
from tfgen_generators.paths.commands.scripts import shell_text, with_imported
from tfgen_generators.paths.filesets import find_filesets
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.operands import first_operand, option_of
from tfgen_generators.shell.ran import SHELLS

_GLOB = re.compile(r"[*?]|\[[^]]+\]")
_ENDINGS = {"python": ".py", "perl": ".pl", "ruby": ".rb", "node": ".js", "pwsh": ".ps1", "php": ".php"}
SOURCING = frozenset({".", "source"})


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The files that a command runs, the arguments that they get, and what those import that are no shell scripts."""

    files: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    widened: bool = False
    #: As the command has it.
    word: str = ""


class CommandFiles:
    """What words mean in one tree, after the commands so far."""

    def __init__(self, path_resolver: PathResolver) -> None:
        self._paths = path_resolver
        # No circle: each holds a tree, of which a comparison with hundreds of commits has as many.
        here = proxy(self)
        self.copies = Copies(lambda word, folders: here.paths(word, folders))  # noqa: PLW0108 a method holds its object

    def files(self, word: str, folders: Sequence[str]) -> list[str]:
        """The files that a word means, wildcards filled in as a shell does, seen from `folders`."""
        return [path for path in self.paths(word, folders) if self._paths.tree.kind(path) == "file"]

    def paths(self, word: str, folders: Sequence[str]) -> list[str]:
        """The same, with folders; of what is not known in it all files that it may mean."""
        key = (word, tuple(folders))
        if self.copies.is_empty and key in self._paths.words:
            return self._paths.words[key]
        found: dict[str, None] = {}
        for folder in folders:
            text = word if word.startswith(f"{UNKNOWN}/") else joined(folder, word)
            for one in (text, *self.copies.origins(text)):
                found |= dict.fromkeys(self._at(one))
        if self.copies.is_empty:
            self._paths.words[key] = list(found)
        return list(found)

    def _at(self, text: str) -> list[str]:
        if UNKNOWN not in text and _GLOB.search(text):
            return [
                file for one in find_filesets(self._paths, (("",), (text, f"{text}/**")), ["."]) for file in one.files
            ]
        places = self._paths.find(text, ["."])
        return [path for one in places for path in (self._paths.match(one.pattern) if one.widened else [one.path])]

    def in_repository(self, folders: Sequence[str]) -> tuple[str, ...]:
        """Folders, with what was copied to them in their place."""
        return tuple(dict.fromkeys(one for folder in folders for one in self.copies.origins(folder) or [folder]))

    def started(self, command: LocalCommand) -> Started:
        """The files of the repository that a command runs."""
        word, rest = _script_of(command)
        folders = command.folders
        if command.program in CONTAINERS:
            files = self._in_container(command)
        elif command.words[:1] and command.words[0] == word and "/" not in word:
            entries = [entry for entry in command.path.split(":") if entry.strip(UNKNOWN)]
            files = [path for entry in entries for path in self.files(joined(entry, word), folders)]
        elif word == "-m":
            files = [path for path in module_files(rest[0], folders) if self._paths.tree.kind(path) == "file"]
        elif word.strip(f"{UNKNOWN}./"):
            files = self.files(word, folders)
        else:
            files = [path for path in self.files(word, folders) if self._may_run(command, path)] if word else []
        modules = (
            ()
            if word.endswith(".sh")
            else (one for path in files for one in with_imported(self._paths.tree, path, folders))
        )
        return Started(
            files=tuple(dict.fromkeys(files)),
            arguments=rest,
            word=word,
            imported=tuple(one for one in dict.fromkeys(modules) if one not in files),
            widened=UNKNOWN in word or any(UNKNOWN in folder for folder in folders),
        )

    def _in_container(self, command: LocalCommand) -> list[str]:
        """The script that `docker run` starts, which lies where a folder of the repository is mounted."""
        for number, word in enumerate(command.words[2:], 2):
            is_path = "/" in word and ":" not in word and not command.words[number - 1].startswith("-")
            files = self.files(word, command.folders) if is_path and command.words[1] in ("run", "exec") else []
            if files and shell_text(self._paths.tree, files[0]) is not None:
                return files
        return []

    def _may_run(self, command: LocalCommand, path: str) -> bool:
        """Whether a program that is given a file of which nothing is known may be given this one."""
        language = INTERPRETERS.fullmatch(command.program)
        if language:
            return path.endswith(_ENDINGS[re.sub(r"[\d.]+$", "", command.program)])
        return shell_text(self._paths.tree, path) is not None


def _script_of(command: LocalCommand) -> tuple[str, tuple[str, ...]]:
    """The word that is the script that a command runs, "" where there is none, and its arguments."""
    words = command.words
    word, rest = (words[0], words[1:]) if words else ("", ())
    if word in SOURCING:
        word, rest = (words[1], words[2:]) if len(words) > 1 else ("", ())
        return (command.reads[0] if word == "/dev/stdin" and len(command.reads) == 1 else word), rest
    if command.program in SHELLS or INTERPRETERS.fullmatch(command.program):
        if command.program not in SHELLS and (module := option_of(words, "-m")):
            return "-m", (module,)
        at = first_operand(words)
        if at and words[at] == "-" and len(command.reads) == 1:
            return command.reads[0], words[at + 1 :]
        if not at and len(command.reads) == 1 and "-c" not in words:
            return command.reads[0], ()
        return (words[at], words[at + 1 :]) if at else ("", ())
    return word, rest
