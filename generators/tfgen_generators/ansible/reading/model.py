"""The shapes of what one Ansible file says. They depend on its content alone, so that they can be kept between runs."""

from __future__ import annotations

from typing import Literal

import msgspec

FactsKind = Literal["playbook", "tasks", "vars", "meta", "template", "requirements"]
#: As what a file that a reference finds is read; "": it is not.
Load = Literal["", "tasks", "vars", "template"]
#: How Ansible looks for what is named.
ReferenceKind = Literal["search", "first", "glob", "tree", "folder", "tasks", "import", "role", "playbook"]
Shape = Literal["map", "list", "plays", "empty", "other", "vault", "broken"]

#: Marks in a name: a part that only a run knows; the role's folder; the playbook's folder.
DYNAMIC, ROLE_PATH, PLAYBOOK_DIR = "\0", "\1", "\2"
FOLDERS = {"role_path": ROLE_PATH, "playbook_dir": PLAYBOOK_DIR}
#: While a name is evaluated: the file that a lookup finds; a key that an item of a loop does not have.
FOUND, MISSING = "\3", "\4"


class Reference(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Something that a file names. `names` may hold DYNAMIC, ROLE_PATH and PLAYBOOK_DIR."""

    kind: ReferenceKind
    names: tuple[str, ...]
    label: str
    line: int
    #: The folder that is searched first: `templates`, `files`, `vars`, `tasks` or `handlers`.
    subdir: str = ""
    load: Load = ""
    #: It is no error when nothing is found.
    optional: bool = False
    #: For a role: `tasks` (of `tasks_from`), `vars`, ...; for a folder of variables: `extensions`, `depth`, ...
    options: tuple[tuple[str, str], ...] = ()
    #: In a variable: evaluated where the variable is used.
    lazy: bool = False


class FileFacts(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One file. `problem` and `line` say why Ansible cannot load it as this kind.

    `shape` is `broken` when it is no YAML. `possible_collections` are the `a.b` of every `a.b.c` in it.
    """

    shape: Shape
    references: tuple[Reference, ...] = ()
    possible_collections: tuple[str, ...] = ()
    #: The `collections` keyword; for requirements: names of collections.
    collections: tuple[str, ...] = ()
    #: For requirements: names of roles.
    roles: tuple[str, ...] = ()
    #: Values of variables that look like relative paths: a name that starts with a variable may start with one.
    path_values: tuple[str, ...] = ()
    problem: str = ""
    line: int = 0
