"""The command lines of `ansible-playbook` and `ansible-galaxy`: which of their words name files.

Source: ansible-core, lib/ansible/cli/arguments/option_helpers.py. They are read by Python's argparse, as Ansible does:
a value may be attached to a short option, short flags may stand before it, a long option may be cut to any beginning
that is not ambiguous, and `--` ends them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NoReturn

import msgspec

_FLAGS: tuple[tuple[str, ...], ...] = (
    ("-v", "--verbose"),
    ("-b", "--become"),
    ("-K", "--ask-become-pass"),
    ("-k", "--ask-pass", "--connection-password"),
    ("-J", "--ask-vault-password", "--ask-vault-pass"),
    ("-C", "--check"),
    ("-D", "--diff"),
    ("--list-hosts",),
    ("--list-tags",),
    ("--list-tasks",),
    ("--step",),
    ("--syntax-check",),
    ("--flush-cache",),
    ("--force-handlers",),
    ("--version",),
    ("-h", "--help"),
)
_VALUES: tuple[tuple[str, ...], ...] = (
    ("-f", "--forks"),
    ("-l", "--limit"),
    ("-t", "--tags"),
    ("--skip-tags",),
    ("--start-at-task",),
    ("-u", "--user"),
    ("-c", "--connection"),
    ("-T", "--timeout"),
    ("--ssh-common-args",),
    ("--sftp-extra-args",),
    ("--scp-extra-args",),
    ("--ssh-extra-args",),
    ("--become-method",),
    ("--become-user",),
)
_GALAXY_FLAGS = (("-v", "--verbose"), ("-f", "--force"), ("-n", "--no-deps"), ("-i", "--ignore-errors"))
_GALAXY_VALUES = (("-s", "--server"), ("--token", "--api-key"), ("--timeout",), ("--signature",), ("--keyring",))
#: Options that name files, by what these are used for.
_FILES: dict[str, tuple[str, ...]] = {
    "vars_file": ("-e", "--extra-vars"),
    "inventory": ("-i", "--inventory", "--inventory-file"),
    "vault_id": ("--vault-id",),
    "key": ("--vault-password-file", "--vault-pass-file"),
    "become_key": ("--become-password-file", "--become-pass-file"),
    "connection_key": ("--connection-password-file", "--conn-pass-file"),
    "private_key": ("--private-key", "--key-file"),
    "library": ("-M", "--module-path"),
}


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """Files that a command line names: (what for, path, option as Ansible calls it), and its playbooks.

    What for: `vars_file`, `inventory`, `key`, `library`, `galaxy_file`, `role_path`.
    """

    files: tuple[tuple[str, str, str], ...] = ()
    playbooks: tuple[str, ...] = ()


_NONE = Arguments()


class _Refused(Exception):
    """argparse would print and exit."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Refused(message)


class _OfAnyWidth(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


@cache
def _parser(program: str) -> argparse.ArgumentParser:
    # Without a usage argparse would write a new one at each call, for errors that are not shown.
    # With a width it does not ask for the terminal's, by a module that takes 5 ms.
    parser = _Parser(prog=program, usage=program, add_help=False, formatter_class=_OfAnyWidth)
    if program == "ansible-galaxy":
        parser.add_argument("-r", "--role-file", "--requirements-file", action="append", dest="galaxy_file")
        parser.add_argument("-p", "--roles-path", "--collections-path", action="append", dest="role_path")
        _add(parser, _GALAXY_VALUES, action="append", dest="_")
        _add(parser, _GALAXY_FLAGS, action="count", dest="_flag")
    else:
        _add(parser, _FLAGS, action="count", dest="_flag")
        _add(parser, _VALUES, action="append", dest="_")
        for use, names in _FILES.items():
            parser.add_argument(*names, action="append", dest=use)
    parser.add_argument("playbooks", nargs="*")
    return parser


def _add(parser: argparse.ArgumentParser, options: Iterable[Sequence[str]], *, action: str, dest: str) -> None:
    for names in options:
        parser.add_argument(*names, action=action, dest=dest)


def read_arguments(words: Sequence[str], program: str = "ansible-playbook") -> Arguments:
    """What the words behind `program` name. Words that it would refuse are looked at one by one."""
    return _read(tuple(words), program) if words else _NONE


@lru_cache(maxsize=4096)
def _read(words: tuple[str, ...], program: str) -> Arguments:
    parser = _parser(program)
    try:
        found, left = parser.parse_known_intermixed_args([_whole(parser, word) for word in words])
    except (_Refused, TypeError, ValueError):
        return _merged(_read((word,), program) for word in words if len(words) > 1)
    files = [
        (use, path, _option(dest))
        for dest in (*_FILES, "galaxy_file", "role_path")
        for value in getattr(found, dest, None) or ()
        for use, path in _files(dest, value)
    ]
    positional = [word for word in (*found.playbooks, *left) if not word.startswith("-")]
    return Arguments(files=tuple(files), playbooks=tuple(positional))


def _whole(parser: argparse.ArgumentParser, word: str) -> str:
    """A cut long option as a whole: several names of one option are no ambiguity (to Python 3.12 they are)."""
    if not word.startswith("--") or word == "--":
        return word
    name, joined, value = word.partition("=")
    actions = {one.dest: one for one in parser._actions if any(text.startswith(name) for text in one.option_strings)}
    if len(actions) != 1:
        return word
    (action,) = actions.values()
    return word if name in action.option_strings else f"{action.option_strings[-1]}{joined}{value}"


def _option(dest: str) -> str:
    return {"galaxy_file": "--role-file", "role_path": "--roles-path"}.get(dest) or _FILES[dest][-1]


def _merged(found: Iterator[Arguments]) -> Arguments:
    all_of = list(found)
    return Arguments(
        files=tuple(file for one in all_of for file in one.files),
        playbooks=tuple(path for one in all_of for path in one.playbooks),
    )


def _files(dest: str, value: str) -> Iterator[tuple[str, str]]:
    value = value.strip().strip("'\"").strip()
    if dest == "vars_file":
        if value.startswith("@"):
            yield dest, value[1:]
    elif dest == "inventory":
        if "," not in value:
            yield dest, value
    elif dest == "vault_id":
        path = value.rpartition("@")[2]
        if path not in ("prompt", "prompt_ask_vault_pass"):
            yield "key", path
    elif dest in ("library", "role_path"):
        yield from ((dest, part) for part in value.split(":") if part)
    else:
        yield ("galaxy_file" if dest == "galaxy_file" else "key"), value
