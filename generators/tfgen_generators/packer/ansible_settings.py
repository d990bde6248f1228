"""Files that the settings of the Ansible provisioners name otherwise than by a path: variables, arguments, the command.

Source: ansible-core, lib/ansible/config/base.yml: the variables of settings of the types path, pathlist and pathspec.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from functools import lru_cache

from tfgen_generators.packer.ansible_arguments import read_arguments
from tfgen_generators.packer.syntax.values import Value

#: (what the files are used for, their path or a list of paths, the variable or option).
Use = tuple[str, Value, str]

_VARIABLES = {
    "ANSIBLE_COLLECTIONS_PATH": "collection_path",
    "ANSIBLE_COLLECTIONS_PATHS": "collection_path",
    "ANSIBLE_CONFIG": "ansible_config",
    "ANSIBLE_BECOME_PASSWORD_FILE": "key",
    "ANSIBLE_CONNECTION_PASSWORD_FILE": "key",
    "ANSIBLE_INVENTORY": "inventory",
    "ANSIBLE_LIBRARY": "library",
    "ANSIBLE_MODULE_UTILS": "library",
    "ANSIBLE_PRIVATE_KEY_FILE": "key",
    "ANSIBLE_ROLES_PATH": "role_path",
    "ANSIBLE_VAULT_IDENTITY_LIST": "vault_ids",
    "ANSIBLE_VAULT_PASSWORD_FILE": "key",
}
_PLUGINS = "_PLUGINS"


@lru_cache(maxsize=4096)
def variable_use(name: str) -> str:
    """What the files are used for that a variable of Ansible names; "" when it names none."""
    return _VARIABLES.get(name) or ("library" if name.startswith("ANSIBLE_") and name.endswith(_PLUGINS) else "")


@lru_cache(maxsize=4096)  # most provisioners of a repository say the same
def of_ansible(kind: str, key: str, texts: tuple[str, ...]) -> tuple[Use, ...]:
    """The files that the texts of a setting `key` name, of a provisioner of this kind."""
    return tuple(_of_ansible(kind, key, texts))


def _of_ansible(kind: str, key: str, texts: Sequence[str]) -> Iterator[Use]:
    if key == "ansible_env_vars":
        yield from of_variables(texts)
        return
    # `ansible-local` and `command` go through a shell; `ansible` gives each argument as it is.
    words = [word for text in texts for word in _split(text)] if kind == "ansible-local" or key == "command" else texts
    if key == "command":
        yield from of_variables([word for word in words if "=" in word and not word.startswith("-")])
        words = [word for word in words[1:] if word.startswith("-") or words[0] not in ("", word)]
    yield from read_arguments(words).files


def of_variables(texts: Sequence[str]) -> Iterator[Use]:
    """The files that `NAME=value` texts name."""
    for text in texts:
        name, _, value = text.partition("=")
        if use := variable_use(name):
            parts = [part for part in _divided(value.strip("'\""), "," if use == "vault_ids" else ":") if part]
            if use == "vault_ids":
                use, parts = "key", [part.rpartition("@")[2] for part in parts]
            paths: list[Value] = [*parts]
            yield use, paths, name


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _divided(text: str, separator: str) -> list[str]:
    """What stands between separators, but for those that a `}}` follows without a `{` before it."""
    found: list[str] = []
    part: list[str] = []
    within = False
    for piece in reversed(text.split(separator)):
        part.append(piece)
        opening, closing = piece.find("{"), piece.find("}}")
        if max(opening, closing) >= 0:
            within = closing >= 0 and not 0 <= opening < closing
        if not within:
            found.append(separator.join(reversed(part)))
            part = []
    return [*([separator.join(reversed(part))] if part else []), *reversed(found)]
