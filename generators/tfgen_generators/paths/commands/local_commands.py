"""The commands that run on the machine that builds: a text's own, and those of the scripts and makefiles it starts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tfgen_generators.paths.commands.command_files import SOURCING, CommandFiles
from tfgen_generators.paths.commands.command_folders import given_in, placed, seen_from
from tfgen_generators.paths.commands.makefiles import (
    MAKEFILES,
    Makefile,
    default_goal,
    needed,
    read_goals,
    read_makefile,
)
from tfgen_generators.paths.commands.model import LocalCommand
from tfgen_generators.paths.commands.programs import INTERPRETERS, texts_of
from tfgen_generators.paths.commands.scripts import program_texts, shell_text
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.printed import shown
from tfgen_generators.shell.ran import SHELLS, Ran, Walked
from tfgen_generators.shell.walk import walk

#: How deep scripts may start scripts, and how many commands are followed in all.
_DEEPEST, _MOST = 12, 5000
#: A line that ends with a file being sourced; so many are filled in into one text.
_SOURCES = re.compile(r"(?:^|[\s;&({])(?:\.|source)[ \t]+[^\s;&|]+[ \t]*$", re.MULTILINE)
_MOST_SOURCED = 12
#: How often one makefile is run with what it is given.
_MOST_MAKES = 4
#: Variables that a shell has of its own.
_OF_SHELL = frozenset({"OLDPWD", "PWD"})
_MAKE = frozenset({"make", "gmake"})
#: The variables that a command line gave to make, which those that it starts have, too.
_OVERRIDES = "MAKEOVERRIDES"
#: Texts in a program of another language that are commands for a shell.
_COMMAND_LINE = re.compile(r"(^|[\s;&|/])(ansible-playbook|make|packer|(ba)?sh)\s+\S|^\S+\.sh\s")


class LocalCommands:
    """Follows commands through one tree."""

    def __init__(self, path_resolver: PathResolver) -> None:
        self._paths = path_resolver
        self._left = _MOST
        #: Recipes that have been followed, and makefiles that were read, by the variables that they had.
        self._recipes: set[tuple[int, str, int, str]] = set()
        self._asked: dict[tuple[str, str], dict[tuple[str, ...], dict[str, str]]] = {}
        self._runs: dict[tuple[str, str], int] = {}
        self._makefiles: dict[tuple[str, str, int], tuple[dict[str, str], Makefile]] = {}
        #: Texts that commands have written to files, by their places.
        self._made: dict[str, str] = {}
        self._words = CommandFiles(path_resolver)
        self.files, self.paths = self._words.files, self._words.paths

    def of_texts(
        self, texts: Iterable[str], folders: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Iterator[LocalCommand]:
        """What texts run one behind the other in one shell that begins in `folders`."""
        texts = tuple(texts)
        for folder in folders:
            own = {name: placed(value, folder) for name, value in (variables or {}).items()}
            yield from self._of_texts([placed(text, folder) for text in texts], folder, own)

    def _of_texts(self, texts: Sequence[str], folder: str, given: dict[str, str]) -> Iterator[LocalCommand]:
        current: tuple[str, ...] = (folder,)
        for one in texts:
            text, lines = self._with_sourced(one, "", current, given)
            found = walk(text, given_in(given, current))
            inside: list[str] = []
            yield from self._followed(found, current, given, "", frozenset(), 0, inside, lines)
            current = seen_from((*current, *inside), found.good)
            given = {**given, **dict(found.variables)}

    def of_script(
        self, path: str, folders: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> Iterator[LocalCommand]:
        """What a script of the repository runs that is started in `folders`."""
        for folder in folders:
            own = {name: placed(value, folder) for name, value in (variables or {}).items()}
            yield from self._script(path, (folder,), own, frozenset(), 0)

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
            own = self._words.in_repository(seen_from((*folders, *inside), ran.folders))
            command = LocalCommand(
                words=ran.words,
                folders=own,
                reads=ran.reads,
                sets=ran.sets,
                script=lines[ran.line][0] if ran.line < len(lines) else script,
                line=lines[ran.line][1] if ran.line < len(lines) else ran.line + 1,
                path=ran.path,
            )
            self._words.copies.learn(ran.words, ran.reads, ran.writes, own)
            started = self._words.started(command)
            files = (*started.files, *started.imported)
            texts = (
                *(text for path in files for text in program_texts(self._paths.tree, path)),
                *_texts_in(command, ran.given),
            )
            yield msgspec.structs.replace(command, files=files, widened=started.widened, texts=texts)
            yield from self._of_other_languages(command, texts, variables, above, depth)
            self._made |= {joined(folder, place): text for place, text in _made_by(ran) for folder in own}
            given = {str(at): word for at, word in enumerate(started.arguments, 1)}
            inner = {**variables, **dict(ran.sets), **given}
            is_shell = command.program in (*SOURCING, *SHELLS)
            for path in started.files:
                yield from self._script(path, own, inner, above, depth, is_shell=is_shell)
                if command.words[0] in SOURCING:
                    inside += (one for one in self._led_to(path, own, inner) if one not in (*folders, *inside))
            is_run = depth < _DEEPEST and (is_shell or "/" in started.word)
            made = dict.fromkeys(self._made.get(joined(folder, started.word), "") for folder in own if is_run)
            for text in filter(None, made):
                yield from self._followed(walk(text, given_in(inner, own)), own, inner, script, above, depth + 1)
            if command.program in _MAKE:
                yield from self._make(command, {**variables, **dict(ran.sets)}, above, depth)

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
        text = shell_text(self._paths.tree, path, is_shell=is_shell)
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
            sources = [one for one in found.ran if one.words[0] in SOURCING and len(one.words) > 1]
            new = [one for one in sources if lines[one.line] not in done and _SOURCES.search(rows[one.line])]
            if not new:
                break
            at = new[0].line
            done.add(lines[at])
            for path in self.files(new[0].words[1], seen_from(folders, new[0].folders))[:1]:
                more = (shell_text(self._paths.tree, path, is_shell=True) or "").split("\n")
                rows[at + 1 : at + 1] = more
                lines[at + 1 : at + 1] = [(path, number) for number in range(1, len(more) + 1)]
        return "\n".join(rows), lines

    def _led_to(self, path: str, folders: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
        """Where a script that is sourced ends."""
        text = shell_text(self._paths.tree, path, is_shell=True)
        found = walk(text, given_in({**variables, "0": ANCHOR + path}, folders)) if text else Walked(ran=())
        return seen_from(folders, found.folders)

    def _make(
        self,
        command: LocalCommand,
        variables: Mapping[str, str],
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        """What `make` runs: the recipes that its goals need."""
        goals = read_goals(command.words[1:])
        above_it = {name: variables.get(name, UNKNOWN) for name in variables.get(_OVERRIDES, "").split()}
        given = {**above_it, **goals.variables}
        known = {name: text for name, text in variables.items() if name.isidentifier() and name not in _OF_SHELL}
        for folder in command.folders:
            inner = joined(folder, goals.folder) if goals.folder else folder
            found = (self.files(name, [inner]) for name in ((goals.file,) if goals.file else MAKEFILES))
            for path in next(filter(None, found), []):
                targets, values = self._narrowed(path, inner, goals.targets, given)
                here = (path, (inner, *targets, *values.values()))
                if depth < _DEEPEST and here not in above:
                    passed = {**known, **values, _OVERRIDES: " ".join(values), "CURDIR": joined(ANCHOR, inner)}
                    yield from self._makefile(path, inner, targets, passed, above | {here}, depth)

    def _narrowed(
        self, path: str, folder: str, targets: Sequence[str], given: Mapping[str, str]
    ) -> tuple[Sequence[str], Mapping[str, str]]:
        """What make is asked for; where it is asked too often, once for all, by values that are not known."""
        asked = self._asked.setdefault((path, folder), {})
        asked.setdefault(tuple(targets), {}).update(given)
        number = self._runs[path, folder] = self._runs.get((path, folder), 0) + 1
        if number <= _MOST_MAKES:
            return targets, given
        names = sorted({name for values in asked.values() for name in values})
        return (UNKNOWN,), dict.fromkeys(names, UNKNOWN)

    def _read_makefile(self, path: str, folder: str, variables: Mapping[str, str]) -> tuple[dict[str, str], Makefile]:
        """A makefile with what it includes: the texts by their paths, and what is read of them together."""
        key = (path, folder, hash(frozenset(variables.items())))
        if key not in self._makefiles:
            given = {name: variables[name] for name in variables.get(_OVERRIDES, "").split()}
            texts: dict[str, str] = {}
            makefile, ahead = Makefile(), [path]
            while ahead and len(texts) < _MOST_SOURCED:
                texts |= {one: self._paths.tree.read(one).decode("utf-8", "replace") for one in ahead}
                makefile = read_makefile(texts, folder, variables, given)
                ahead = [one for name in makefile.included for one in self.files(name, [folder]) if one not in texts]
            self._makefiles[key] = texts, makefile
        return self._makefiles[key]

    def _makefile(
        self,
        path: str,
        folder: str,
        targets: Sequence[str],
        variables: Mapping[str, str],
        above: frozenset[tuple[str, tuple[str, ...]]],
        depth: int,
    ) -> Iterator[LocalCommand]:
        texts, makefile = self._read_makefile(path, folder, variables)
        goals = targets or (default_goal(makefile.rules, makefile.variables),)
        own = {**variables, **makefile.variables}
        state = hash(frozenset(own.items()))
        for one in texts:
            yield LocalCommand(words=(":",), folders=(folder,), script=path, files=(one,))
        rules = needed(makefile.rules, (UNKNOWN,) if makefile.is_open else goals)
        for script, line, recipe in (*makefile.shells, *(recipe for rule in rules for recipe in rule.recipes)):
            if (key := (state, folder, line, recipe)) in self._recipes:
                continue  # of a make that makes start
            self._recipes.add(key)
            found = walk(recipe, given_in(own, (folder,)))
            for command in self._followed(found, (folder,), own, script, above, depth + 1):
                yield msgspec.structs.replace(command, line=line) if command.script == script else command


def _made_by(ran: Ran) -> Iterator[tuple[str, str]]:
    """The files that a command writes, with the text that it writes there: `cat >FILE <<END`, `tee FILE <<END`."""
    program = ran.words[0].rpartition("/")[2]
    text = shown(ran) if program in ("cat", "echo", "printf", "tee") else ""
    places = (*ran.writes, *(word for word in ran.words[1:] if program == "tee" and not word.startswith("-")))
    yield from ((place, text) for place in places if text)


def _texts_in(command: LocalCommand, given: str) -> Iterator[str]:
    """The texts in a program that stands in the command: `python -c PROGRAM`, or is read by it."""
    if INTERPRETERS.fullmatch(command.program):
        for program in (given, *command.words[1:]):
            yield from texts_of(program)
