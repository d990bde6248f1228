"""The shapes of the search: where Ansible looks, and how it came to the file that names something."""

from __future__ import annotations

import msgspec

from tfgen_generators.ansible.reading.model import Load


class LoadedFile(msgspec.Struct, frozen=True):
    """A file that Ansible loads; the same file may be loaded in several ways."""

    path: str
    load: Load
    #: The folder of the file whose task is run.
    task_dir: str
    #: The folders that the includes name which lead to the file, nearest first; `=path` is a folder of the repository.
    include_dirs: tuple[str, ...] = ()
    #: `tasks` or `handlers`.
    section: str = "tasks"
    #: For a template that another includes: the folder of the one that the task renders.
    template_dir: str = ""


class SearchPaths(msgspec.Struct, frozen=True, eq=False):
    """Where Ansible looks for what one playbook names.

    Equal only to itself, so that it is a cheap key: RunSearchPaths makes equal ones once.
    """

    #: The folders of the playbook: with `playbook_dir`, this one first.
    basedirs: tuple[str, ...]
    role_dirs: tuple[str, ...] = ()
    role_paths: tuple[str, ...] = ()
    collection_paths: tuple[str, ...] = ()
    #: Roles and collections that Galaxy installs.
    galaxy_roles: frozenset[str] = frozenset()
    galaxy_collections: frozenset[str] = frozenset()
    #: Only uploaded roles are there (`ansible-local` with role_paths).
    only_uploaded: bool = False
    #: Folders that are uploaded to `playbooks/`, each by its own name.
    playbook_paths: tuple[str, ...] = ()
