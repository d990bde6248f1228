"""From the commands that run on the machine that builds to the files that they read, and the playbooks they run."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tfgen_generators.ansible.resolving.run import AnsibleRun
from tfgen_generators.ansible.search.playbooks import is_playbook
from tfgen_generators.packer.ansible_arguments import Arguments, read_arguments
from tfgen_generators.packer.ansible_settings import variable_use
from tfgen_generators.paths.commands.copies import CONTAINERS, mounts
from tfgen_generators.paths.commands.local_commands import LocalCommands
from tfgen_generators.paths.commands.model import LocalCommand
from tfgen_generators.paths.model import Edge
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.shell.folders import joined
from tfgen_generators.shell.marks import ANCHOR, UNKNOWN
from tfgen_generators.shell.operands import option_of
from tfgen_generators.shell.tree import kinds

#: Programs that do not read the folders that they are given; all others may.
_NO_READERS = kinds(
    ": [ [[ basename cd chgrp chmod chown dirname du echo export find ls mkdir popd printf pushd pwd readlink realpath",
    "rm rmdir set stat test touch true",
)
#: Those that read all of the folder `.`; of the first ones the last word is where they write to.
_COPIERS = frozenset({"cp", "install", "ln", "mv", "rsync", "scp"})
_TREE_READERS = _COPIERS | {"aws", "buildah", "docker", "podman", "tar", "zip", "7z"}
#: Those that hand on what stands in a file, line by line, for others to read.
_LISTERS = kinds(": awk cat cpio cut grep head mapfile read rsync sed sort tail tar xargs")
_LONGEST_LIST = 64 * 1024
_PLAYBOOKS = frozenset({"ansible", "ansible-playbook", "ansible-pull"})
_LONGEST = 1024
#: What alone says nothing of a name.
_NOTHING = f"{UNKNOWN}*./ "


class LocalFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What commands read: files, groups of files by key, runs of Ansible, and templates that they build with Packer."""

    files: tuple[tuple[str, Edge], ...] = ()
    groups: tuple[tuple[str, tuple[str, ...], Edge], ...] = ()
    runs: tuple[tuple[AnsibleRun, Edge], ...] = ()
    templates: tuple[tuple[str, Edge], ...] = ()


class LocalFilesFinder:
    """Collects what local commands read. `edge` leads to what the text itself names."""

    def __init__(self, path_resolver: PathResolver, edge: Edge) -> None:
        self._paths, self._edge = path_resolver, edge
        self._local = LocalCommands(path_resolver)
        self._files: dict[str, Edge] = {}
        self._groups: dict[str, tuple[tuple[str, ...], Edge]] = {}
        self._runs: dict[AnsibleRun, Edge] = {}
        self._templates: dict[str, Edge] = {}

    def texts(self, texts: Iterable[str], folders: Sequence[str], variables: Mapping[str, str]) -> None:
        """What texts read that run in one shell, which begins in `folders`."""
        self._all(self._local.of_texts(texts, folders, variables))

    def script(self, path: str, folders: Sequence[str], variables: Mapping[str, str]) -> None:
        """What a script of the repository reads that is started in `folders`."""
        self._all(self._local.of_script(path, folders, variables))

    def found(self) -> LocalFiles:
        """All of it."""
        return LocalFiles(
            files=tuple(self._files.items()),
            groups=tuple((key, files, edge) for key, (files, edge) in self._groups.items()),
            runs=tuple(self._runs.items()),
            templates=tuple(self._templates.items()),
        )

    def _all(self, commands: Iterator[LocalCommand]) -> None:
        for command in commands:
            label = command.program or self._edge.label
            edge = Edge(path=command.script, line=command.line, label=label) if command.script else self._edge
            self._command(command, edge)

    def _command(self, command: LocalCommand, edge: Edge) -> None:
        for path in command.files:
            self._files.setdefault(path, msgspec.structs.replace(edge, widened=True) if command.widened else edge)
            beside = (posixpath.dirname(path) or ".", *command.folders)
            for text in command.texts:
                self._read(text, beside, Edge(path=path, label="text", widened=True), folders_too=text.endswith("/"))
        if not command.files:
            for text in command.texts:
                self._read(text, command.folders, edge, folders_too=text.endswith("/"))
        if command.program in _PLAYBOOKS:
            self._ansible(command, edge)
        elif command.program == "packer":
            self._packer(command, edge)
        is_git = command.program == "git" and "archive" not in command.words
        readers = command.program not in _NO_READERS and not is_git
        inner = option_of(command.words, "-C", "--directory") if command.program == "tar" else ""
        folders = [joined(folder, inner) for folder in command.folders] if inner else command.folders
        for word in (*command.reads, *self._words(command)):
            lists = command.program in _LISTERS
            self._read(word, folders, edge, folders_too=readers and word != inner, lists=lists)
        for _, value in command.sets:
            self._read(value, folders, edge, folders_too=False)
        if _reads_all(command):
            self._read(".", folders, edge, folders_too=True)

    def _words(self, command: LocalCommand) -> Iterator[str]:
        """The words that may be paths, and what stands in them behind `=`, `@`, or a short option."""
        words = command.words[1:]
        if command.program in _COPIERS and len(words) > 1 and not option_of(words, "-t", "--target-directory"):
            words = words[:-1]
        if command.program == "git" and words[:1] in (("clone",), ("worktree",)):
            words = ()  # it reads its own folder; who uses the copy is followed
        elif command.program in CONTAINERS:
            words = tuple(_in_container(words))
        elif command.program == "find":
            words = ()  # it reads names; who reads the files that it finds is followed by itself
        elif command.program == "packer":
            words = tuple(word for word in words if word.startswith("-"))  # the template is looked for by itself
        for word in words:
            plain = word.removeprefix("file://")
            for piece in dict.fromkeys((plain, word.rpartition("=")[2], word.rpartition("@")[2])):
                if piece and piece not in (".", "..", "/") and not piece.startswith(("-", "~")):
                    yield piece
            if len(word) > 2 and word[0] == "-" and word[1] != "-":
                yield word[2:]

    def _listed(self, path: str, folders: Sequence[str]) -> None:
        """The files that a file lists, each on a line of its own."""
        data = self._paths.tree.read(path)
        if len(data) > _LONGEST_LIST or b"\0" in data:
            return
        edge = Edge(path=path, label="listed", widened=True)
        for line in dict.fromkeys(data.decode("utf-8", "replace").split("\n")):
            if (word := line.strip()) and " " not in word and ("/" in word or "." in word):
                self._read(word, folders, edge, folders_too=False)

    def _read(self, word: str, folders: Sequence[str], edge: Edge, *, folders_too: bool, lists: bool = False) -> None:
        """What one word means. Of a word that is not known at all nothing is said."""
        is_all = word == "." or word.endswith("**/*")
        if not is_all and (len(word) > _LONGEST or "\n" in word or "://" in word or not word.strip(_NOTHING)):
            return
        widened = UNKNOWN in word or any(UNKNOWN in folder for folder in folders)
        for path in self._local.paths(word, folders):
            kind = self._paths.tree.kind(path)
            own = msgspec.structs.replace(edge, widened=True) if widened else edge
            if kind == "file":
                self._files.setdefault(path, own)
                if lists:
                    self._listed(path, folders)
            elif kind == "folder" and folders_too:
                self._groups.setdefault(f"folder {path}", (self._paths.below(path), own))

    def _ansible(self, command: LocalCommand, edge: Edge) -> None:
        """Ansible on this machine: its files, and a run for each playbook."""
        arguments = read_arguments(command.words[1:])
        used: dict[str, list[str]] = {}
        named = [*arguments.files, *_of_variables(command.sets)]
        for use, text, _ in named:
            for path in self._local.paths(text, command.folders):
                used.setdefault(use, []).append(path)
                if self._paths.tree.kind(path) == "file":
                    self._files.setdefault(path, edge)
                elif use in ("inventory", "library"):
                    self._groups.setdefault(f"folder {path}", (self._paths.below(path), edge))
        for playbook, widened in self._playbooks(arguments, command):
            own = msgspec.structs.replace(edge, widened=True) if widened else edge
            self._runs.setdefault(self._run(playbook, used, command.folders), own)

    def _playbooks(self, arguments: Arguments, command: LocalCommand) -> Iterator[tuple[str, bool]]:
        """The playbooks of a command line; one that is nowhere by its path, by its name."""
        for word in arguments.playbooks if command.program == "ansible-playbook" else ():
            widened = UNKNOWN in word or any(UNKNOWN in folder for folder in command.folders)
            paths = self._local.files(word, command.folders)
            if UNKNOWN in word:
                paths = [path for path in paths if is_playbook(self._paths.tree, path)]
            name = posixpath.basename(word)
            if not paths and name.endswith((".yml", ".yaml")):
                paths, widened = self._local.files(f"{UNKNOWN}/{name}", ["."]), True
                paths += self._local.files(name, ["."])
            yield from ((path, widened) for path in dict.fromkeys(paths))

    def _run(self, playbook: str, used: Mapping[str, Sequence[str]], folders: Sequence[str]) -> AnsibleRun:
        tree = self._paths.tree
        configs = [*used.get("ansible_config", ()), *(joined(folder, "ansible.cfg") for folder in folders)]
        beside = [
            path if tree.kind(path) == "folder" else posixpath.dirname(path) or "."
            for path in used.get("inventory", ())
        ]
        return AnsibleRun(
            playbook=playbook,
            role_paths=tuple(used.get("role_path", ())),
            collection_paths=tuple(used.get("collection_path", ())),
            group_vars=tuple(path for folder in beside if tree.kind(path := joined(folder, "group_vars")) == "folder"),
            host_vars=tuple(path for folder in beside if tree.kind(path := joined(folder, "host_vars")) == "folder"),
            config=next((path for path in configs if tree.kind(path) == "file"), None),
        )

    def _packer(self, command: LocalCommand, edge: Edge) -> None:
        """Another template that is built on the way."""
        for word in command.words[2:] if command.words[1:2] == ("build",) else ():
            is_named = not word.startswith("-") and word.strip(_NOTHING)
            for path in self._local.paths(word, command.folders) if is_named else ():
                self._templates.setdefault(path, edge)


def by_template(found: LocalFiles, path: str) -> LocalFiles:
    """The same, where what has no path is named by the template at `path`."""

    def led(edge: Edge) -> Edge:
        return edge if edge.path else msgspec.structs.replace(edge, path=path)

    return LocalFiles(
        files=tuple((file, led(edge)) for file, edge in found.files),
        groups=tuple((key, files, led(edge)) for key, files, edge in found.groups),
        runs=tuple((run, led(edge)) for run, edge in found.runs),
        templates=tuple((other, led(edge)) for other, edge in found.templates),
    )


def _in_container(words: Sequence[str]) -> Iterator[str]:
    """The words of `docker run` and its like: of what is mounted a folder of the repository counts, not all of it."""
    mounted = list(mounts(words))
    yield from (source for source, _ in mounted if source.strip(f"{ANCHOR}./"))
    for before, word in zip(("", *words), words, strict=False):
        is_option = word.startswith("-") or before in ("-v", "--volume", "--mount", "-w", "--workdir")
        if not is_option and not any(word == target for _, target in mounted):
            yield word


def _reads_all(command: LocalCommand) -> bool:
    """Whether a command reads all of its folder: `tar c .`, `cp -r * TARGET`, `git archive HEAD`."""
    words = command.words[1 : -1 if command.program in _COPIERS else None]
    if command.program == "git":
        operands = [word for word in words[1:] if not word.startswith("-")]
        return command.words[1:2] == ("archive",) and len(operands) < 2
    return command.program in _TREE_READERS and bool({".", "*"}.intersection(words))


def _of_variables(sets: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for name, value in sets:
        if use := variable_use(name):
            yield from ((use, part, name) for part in value.split(":") if part)
