"""What a provisioner `ansible-local` puts on the machine, and as what: each path of the repository with its path there.

Source: the ansible plugin, `provisioner/ansible-local/provisioner.go`: playbooks by their own names into the staging
folder, `playbook_dir` as the staging folder, `role_paths` and `playbook_paths` each by its last name below `roles/` and
`playbooks/`, `collection_paths` below `collections/`, `group_vars` and `host_vars` as folders of that name.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.lint.templates.source import Component, Source

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: Setting -> the folder that its paths are put into, each by its last name.
_INTO = {
    "playbook_file": "",
    "playbook_files": "",
    "inventory_file": "",
    "galaxy_file": "",
    "role_paths": "roles",
    "playbook_paths": "playbooks",
    "collection_paths": "collections",
}
#: Setting -> the folder that its path becomes.
_AS = {"playbook_dir": "", "group_vars": "group_vars", "host_vars": "host_vars"}
_PLAYBOOKS = ("playbook_file", "playbook_files")
#: Anywhere: put there by another provisioner.
ANYWHERE = "\0"


class Uploads(msgspec.Struct, frozen=True, kw_only=True):
    """What one provisioner uploads. `there` are pairs of paths: in the repository, and from the staging folder."""

    playbooks: tuple[str, ...]
    there: tuple[tuple[str, str], ...]
    #: Whether Ansible searches only the staging folder for roles: no setting of the provisioner says otherwise.
    plain: bool

    def places(self, *names: str) -> list[str]:
        """Where the file or folder with these names (links, and what they lead to) is on the machine."""
        found = (_moved(name, *pair) for pair in self.there for name in names)
        return list(dict.fromkeys(place for place in found if place is not None))


def _moved(path: str, upload: str, place: str) -> str | None:
    inner = "" if path == upload else path[len(upload) + 1 :] if path.startswith(f"{upload}/") else None
    if upload == ".":
        inner = path
    return None if inner is None else place if place == ANYWHERE else posixpath.normpath(posixpath.join(place, inner))


def uploads_of(scope: Scope, source: Source) -> list[tuple[Component, Uploads]]:
    """Each `ansible-local` of a template whose paths are all known."""
    found: list[tuple[Component, Uploads]] = []
    before: list[tuple[str, str]] = []
    for component in source.provisioners:
        if component.kind == "ansible-local":
            uploads = _uploads(scope, source, component, before)
            if uploads is not None:
                found.append((component, uploads))
        elif component.kind == "file":
            paths = setting_paths(scope, source, component, "source", "sources")
            if paths is None:
                break  # it may bring anything
            before += ((name, ANYWHERE) for path in paths for name in _names(scope, path))
    return found


def _uploads(scope: Scope, source: Source, component: Component, before: list[tuple[str, str]]) -> Uploads | None:
    there = list(before)
    for setting, folder in (*_INTO.items(), *_AS.items()):
        paths = setting_paths(scope, source, component, setting)
        if paths is None:
            return None
        for path in paths:
            place = folder if setting in _AS else posixpath.join(folder, posixpath.basename(path))
            there += ((name, place) for name in _names(scope, path))
    named = setting_paths(scope, source, component, *_PLAYBOOKS) or []
    folders = setting_paths(scope, source, component, "playbook_dir") or []
    configured = any(scope.tree.kind(f"{folder}/ansible.cfg") for folder in folders)
    return Uploads(
        playbooks=tuple(dict.fromkeys(name for path in named for name in _names(scope, path))),
        there=tuple(there),
        plain=not configured and not _says_where(component),
    )


def _says_where(component: Component) -> bool:
    """Whether a setting may give Ansible other folders to search."""
    settings = (component.node.get(key) for key in ("command", "extra_arguments", "ansible_env_vars"))
    return any("PATH" in str(value).upper() for value in settings if value is not None)


def _names(scope: Scope, path: str) -> list[str]:
    """The path, and where its links lead."""
    return [path, *scope.tree.links(path)]


def setting_paths(scope: Scope, source: Source, component: Component, *settings: str) -> list[str] | None:
    """The paths of the repository that these settings name, None where one is not known."""
    found: list[str] = []
    for setting in settings:
        node = component.node.find(setting)
        texts = source.values.texts(node.value()) if node is not None else []
        if texts is None or any("{{" in text for text in texts):
            return None
        written = scope.passing(("resolved", source.template.path), lambda: _resolved(scope, source))
        for text in texts:
            own = posixpath.normpath(text)
            found += written.get(text) or ([own] if scope.tree.kind(own) else [])
    return found


def _resolved(scope: Scope, source: Source) -> dict[str, list[str]]:
    """What is there, by its path as it is written, and by its text."""
    found: dict[str, list[str]] = {}
    for used in scope.described(source.template).files:
        if used.resolved:
            found.setdefault(used.path, []).append(used.resolved)
            found.setdefault(str(source.values.text(used.path) or used.path), []).append(used.resolved)
    return {text: list(dict.fromkeys(paths)) for text, paths in found.items()}
