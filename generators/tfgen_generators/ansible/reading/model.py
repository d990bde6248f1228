"""What one Ansible file says, by its content alone: values that can be kept between runs."""

from __future__ import annotations

from typing import Literal

import msgspec

FactsKind = Literal["playbook", "tasks", "vars", "meta", "template", "requirements"]
Load = Literal["", "tasks", "vars", "template"]
Manner = Literal["search", "first", "glob", "tree", "folder", "tasks", "import", "role", "playbook", "words"]
Shape = Literal["map", "list", "plays", "empty", "other", "vault", "broken"]

#: In a name: what cannot be known; the role's own folder; the playbook's folder.
DYNAMIC, ROLE_PATH, PLAYBOOK_DIR = "\0", "\1", "\2"


class Ref(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Something that a file names. `names` may hold DYNAMIC, ROLE_PATH and PLAYBOOK_DIR."""

    manner: Manner
    names: tuple[str, ...]
    label: str
    line: int
    #: The folder that is searched first (`templates`, `files`, `vars`), or `handlers`/`tasks`.
    where: str = ""
    #: How the file that is found is read on.
    load: Load = ""
    #: Nothing is amiss when it is not there.
    quiet: bool = False
    #: `tasks_from` and its like of a role; `extensions`, `depth`, ... of a folder of variables.
    options: tuple[tuple[str, str], ...] = ()
    #: Evaluated where it is used, not where it is written: variables.
    roaming: bool = False


class FileFacts(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One file. `problem` and `line` say why Ansible cannot load it as this kind.

    `shape` is `broken` when it is no YAML. `spaces` are the `a.b` of every `a.b.c` in it.
    """

    shape: Shape
    refs: tuple[Ref, ...] = ()
    spaces: tuple[str, ...] = ()
    #: The `collections` keyword; for requirements: names of collections.
    collections: tuple[str, ...] = ()
    #: For requirements: names of roles.
    roles: tuple[str, ...] = ()
    #: Texts with a `/` that variables have: what a name might become.
    paths: tuple[str, ...] = ()
    problem: str = ""
    line: int = 0
