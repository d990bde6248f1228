"""Words of shell commands that may be paths, found without running anything."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_PLAYBOOK = re.compile(r"(?:.*/)?ansible-playbook")
_ASSIGNED = re.compile(r"(?:^|[\s;&|(])([A-Za-z_][A-Za-z0-9_]*)=")
_VARIABLE = re.compile(r"-var[ =]['\"]?([A-Za-z_][A-Za-z0-9_-]*)=([^'\"\s]*)")
_SEPARATORS = re.compile(r"[;&|()<>]+")
_YAML = (".yml", ".yaml", ".json")


def words_of(command: str) -> list[str]:
    """The words of a command as a shell would split it; comments and what is only text (with blanks in it) are none."""
    found: list[str] = []
    for word in _split(command):
        if not word or any(character.isspace() for character in word):
            continue
        for piece in _SEPARATORS.split(word):
            found.append(piece)
            if "=" in piece:
                found.append(piece.rpartition("=")[2])
            if "@" in piece:
                found.append(piece.rpartition("@")[2])
    return [word.removeprefix("./") for word in dict.fromkeys(found) if _is_path(word)]


def playbooks_of(command: str) -> list[str]:
    """What `ansible-playbook` is given in a command."""
    found: list[str] = []
    for line in command.replace("\\\n", " ").splitlines():
        words = _split(line)
        for at, word in enumerate(words):
            if _PLAYBOOK.fullmatch(word):
                found += [other.removeprefix("./") for other in words[at + 1 :] if other.endswith(_YAML)]
    return list(dict.fromkeys(found))


def assigned_in(command: str) -> Iterator[str]:
    """Names of variables that a command may set."""
    return iter(_ASSIGNED.findall(command))


def packer_variables(command: str) -> list[tuple[str, str]]:
    """Name and text of every `-var name=text`."""
    return _VARIABLE.findall(command)


def _is_path(word: str) -> bool:
    return (
        len(word) < 4096
        and not word.startswith(("-", "$", "/", "~"))
        and "://" not in word
        and word not in ("", ".", "..")
    )


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:  # a quote that is not closed: it is in another line, or in a here-document
        pass
    found: list[str] = []
    for line in command.splitlines():
        try:
            found += shlex.split(line, comments=True)
        except ValueError:
            found += line.partition(" #")[0].replace('"', " ").replace("'", " ").split()
    return found
