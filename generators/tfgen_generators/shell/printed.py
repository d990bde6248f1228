"""What commands hand on to others: words behind a wrapper, `find -exec`, names that are piped into `xargs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from tfgen_generators.shell.marks import UNKNOWN
from tfgen_generators.shell.ran import SHELLS, Ran, text_of
from tfgen_generators.shell.tree import kinds

#: Programs that run playbooks or templates, wherever they stand in a command.
_RUN_ANYWHERE = frozenset({"ansible-playbook", "packer"})
#: Programs whose words are names of packages and programs, or text: nothing of it is run.
_ONLY_NAMES = kinds(
    ": [ [[ alias apk apt apt-get brew cd chgrp chmod chown choco chsh command cp dnf echo gem grep hash ln mkdir mv",
    "npm pip pip3 printf rm snap test touch type useradd usermod which yum zypper",
)
#: Programs that read the files whose names they are given by a pipe.
_BY_NAME = frozenset({"cpio", "pax", "rsync", "tar", "zip"})
#: Programs that do not read the files that they are given.
_NO_READERS = kinds("basename chgrp chmod chown dirname du echo ls mkdir printf rm rmdir stat test touch")
_CONTAINERS = frozenset({"docker", "nerdctl", "podman"})
#: Programs that hand on lines that they read, or a part of them, and those that may change them.
_CHOOSING = frozenset({"grep", "head", "sort", "tail", "uniq"})
_CHANGING = frozenset({"awk", "cut", "perl", "sed", "tr"})
_MOST_PATTERNS = 200
_ROOTS_END = ("-", "(", "!")
_NAMES = frozenset({"-name", "-iname"})
_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})


def handed_on(ran: Ran) -> Iterator[Ran]:
    """The commands that one runs with words of its own: `pipenv run X`, `docker run IMAGE X`, `find -exec X`."""
    words = ran.words
    program = words[0].rpartition("/")[2]
    if program == "find":
        yield from _by_find(ran)
    elif program == "run-parts":
        folder = _folder_of_parts(words)
        if folder:
            yield msgspec.structs.replace(ran, words=(f"{folder.rstrip('/')}/*",), reads=(), given="")
    elif program not in _ONLY_NAMES and program not in _RUN_ANYWHERE:
        for number, word in enumerate(words[1:-1], 1):
            name = word.rpartition("/")[2]
            is_made = name == "make" and program in _CONTAINERS
            if is_made or name in _RUN_ANYWHERE or (name in SHELLS and not words[number - 1].startswith("-")):
                yield msgspec.structs.replace(ran, words=words[number:], reads=(), given="")
                return


def _folder_of_parts(words: Sequence[str]) -> str:
    """The folder whose programs `run-parts` runs, "" without one. Source: run-parts(8) of Debian."""
    has_value = False
    for word in words[1:]:
        if not has_value and not word.startswith("-"):
            return word
        has_value = word in ("-a", "-u")
    return ""


def _by_find(ran: Ran) -> Iterator[Ran]:
    words = ran.words
    at = next((number for number, word in enumerate(words) if word in _RUNS), 0)
    if at:
        end = next((number for number, word in enumerate(words[at:], at) if word in (";", "+")), len(words))
        found = found_by(words)
        given = [one for word in words[at + 1 : end] for one in (found if word == "{}" else (word,))]
        if given and given[0].rpartition("/")[2] not in _NO_READERS:
            folders = (UNKNOWN,) if words[at].endswith("dir") else ran.folders
            yield msgspec.structs.replace(ran, words=tuple(given), folders=folders, reads=(), given="")


def found_by(words: Sequence[str]) -> tuple[str, ...]:
    """The files that `find` prints, as patterns."""
    roots: list[str] = []
    for word in words[1:]:
        if word.startswith(_ROOTS_END):
            break
        roots.append(word.rstrip("/") or "/")
    names = [word for before, word in pairwise(words) if before in _NAMES]
    many = len(roots) * len(names) > _MOST_PATTERNS
    return tuple(f"{root}/**/{name}" for root in roots or ["."] for name in (["*"] if many or not names else names))


def printed(ran: Ran) -> tuple[str, ...]:
    """The words that a command prints, as far as that is known."""
    program, rest = ran.words[0].rpartition("/")[2], ran.words[1:]
    if program == "find":
        return found_by(ran.words)
    if program in ("echo", "printf"):
        texts = rest[1:] if program == "printf" and len(rest) > 1 else rest  # behind the format
        return tuple(word for text in texts for word in text.split() if not word.startswith("-"))
    if program == "ls":  # of a folder it prints the names in it
        words = tuple(word for word in rest if not word.startswith("-"))
        return words if words and all("*" in word for word in words) else (UNKNOWN,)
    return (UNKNOWN,)


def printed_by(commands: Sequence[Ran]) -> tuple[str, ...]:
    """The words that a pipe prints: those of the last command that does not only choose among lines."""
    left = [one for one in commands if one.words[0].rpartition("/")[2] not in _CHOOSING]
    chosen = left and left[-1] is not commands[-1] and left[-1].words[0].rpartition("/")[2] == "find"
    return printed(left[-1] if chosen else commands[-1]) if commands else ()


def _listed(commands: Sequence[Ran]) -> tuple[str, ...]:
    """The files whose names a pipe hands on, also where a command in it may have changed these."""
    for one in reversed(commands):
        program = one.words[0].rpartition("/")[2]
        if program == "ls":
            return tuple(f"{word.rstrip('/')}/*" for word in one.words[1:] if not word.startswith("-")) or ("*",)
        if program not in (_CHOOSING | _CHANGING):
            return printed(one) if one is not commands[-1] else (UNKNOWN,)
    return (UNKNOWN,)


def shown(ran: Ran) -> str:
    """The text that a command prints, "" where it is not known."""
    if ran.given:
        return ran.given
    program = ran.words[0].rpartition("/")[2]
    return " ".join(word for word in ran.words[1:] if word not in ("-e", "-n")) if program in ("echo", "printf") else ""


def scripts_of(ran: Ran, files: Sequence[str]) -> Iterator[Ran]:
    """The files that a command runs by their texts: `eval "$(cat FILE)"`, `sh -c "$(<FILE)"`, `. <(cat FILE)`."""
    program = ran.words[0].rpartition("/")[2] if ran.words else ""
    is_sourced = program in (".", "source", "eval")
    if is_sourced or program in SHELLS or text_of(ran.words) is not None:
        for file in files:
            words = (".", file) if is_sourced else ("bash", file)
            yield msgspec.structs.replace(ran, words=words, reads=(), writes=(), given="")


def is_fed(ran: Ran) -> bool:
    """Whether a command is a shell that runs what it reads: `sh`, `bash -s ARGUMENT`."""
    rest = ran.words[1:]
    program = ran.words[0].rpartition("/")[2] if ran.words else ""
    return program in SHELLS and ("-s" in rest or all(word.startswith("-") and word != "-c" for word in rest))


def piped(commands: Sequence[Ran]) -> tuple[list[Ran], str]:
    """The commands of a pipe with the words that they are given by those before; the text that a shell in it runs."""
    found, text = list(commands[:1]), ""
    for number, (first, second) in enumerate(pairwise(commands), 1):
        by_name = first.words[0] == "find" and second.words[0].rpartition("/")[2] in _BY_NAME
        takes = second.takes and second.words[0].rpartition("/")[2] not in _NO_READERS
        words = printed(first) if takes or by_name else ()
        words = _listed(commands[:number]) if words == (UNKNOWN,) else words
        reads = first.words[1:] if first.words[0] == "cat" and is_fed(second) else ()
        changed = msgspec.structs.replace(second, words=_with(second.words, words), reads=(*second.reads, *reads))
        found.append(changed if words or reads else second)
        text = text or (shown(first) if is_fed(second) and not second.given else "")
    return found, text


def _with(words: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The words of a command with those that it is given: in the place of `{}`, else behind them."""
    if not given or not any("{}" in word for word in words):
        return (*words, *given)
    return tuple(
        one for word in words for one in ([word.replace("{}", each) for each in given] if "{}" in word else [word])
    )
