"""Rules about roles that are there and not used."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tfgen_generators.graph.graph import ImageNode
from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.ansible.missing_references import is_from_galaxy
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of
from tfgen_generators.paths.model import MissingKind, MissingReference

#: Where a role says what it is, in the order in which a reader looks.
_FACES = tuple(f"{folder}/main.{ending}" for folder in ("tasks", "meta", "defaults") for ending in ("yml", "yaml"))
#: The graph's units for what is uploaded although no playbook reaches it.
_UPLOADED = "uploaded "
_ITEM = r"^\s*-\s*(?:\{\s*)?(?:role:\s*|name:\s*)?"
_PLAYS = re.compile(r"^-\s+(?:\w+:.*\n\s+)*?hosts:", re.MULTILINE)
#: Behind these may stand whatever uses a role.
_HIDING: frozenset[MissingKind] = frozenset({"missing-playbook", "missing-role", "missing-tasks"})


def _unused_role(scope: Scope) -> Iterator[Finding]:
    if not _can_know(scope):
        return
    hidden = any(_hides(missing) for missing in scope.graph.missing_references)
    meant = {missing.fix for missing in scope.graph.missing_references if missing.kind == "missing-role"}
    for role in scope.graph.unused_roles:
        if hidden and (f"did you mean {posixpath.basename(role)}?" in meant or _is_named(scope, role)):
            continue
        if "ansible_collections" in role.split("/") or "/collections/" in f"/{role}":
            continue
        if _is_entered(scope, role) or _is_played(scope, role):
            continue
        name = posixpath.basename(role)
        message = f"no image uses the role {name} ({role})"
        path, fix = _face(scope, role), "remove it, or use it"
        yield Finding(rule="unused-role", path=path, line=int(path != role), message=message, fix=fix)


def _is_entered(scope: Scope, role: str) -> bool:
    """Whether something names a file of the role by its path: `include_tasks: ../roles/x/tasks/y.yml`, a link."""
    folders = (f"{role}/", *(f"{name}/" for name in scope.tree.links(role)))
    return any(path.startswith(folders) for path in scope.once("reached files", lambda: _reached_files(scope)))


def _is_played(scope: Scope, role: str) -> bool:
    """Whether a playbook that no image runs has the role: it is for other machines."""
    name, beside = posixpath.basename(role), posixpath.dirname(posixpath.dirname(role)) or "."
    namers = scope.once(("words of YAML files", beside), lambda: _namers(scope, beside))
    others = tuple(f"{one}/" for one in scope.graph.unused_roles)
    listed = re.compile(rf"{_ITEM}[\"']?{re.escape(name)}[\"']?\s*(?:[,}}#]|$)", re.MULTILINE)
    texts = (
        scope.read(path).decode("utf-8", "replace") for path in namers.get(name, ()) if not path.startswith(others)
    )
    return any(_PLAYS.search(text) and listed.search(text) for text in texts)


def _reached_files(scope: Scope) -> frozenset[str]:
    units = {one.unit for image in scope.graph.images for one in image.reached if not one.unit.startswith(_UPLOADED)}
    return frozenset(path for unit in units for path in scope.graph.units[unit].files)


def _can_know(scope: Scope) -> bool:
    """Whether everything that might use a role could be read."""
    discovery = scope.discovery
    broken = any(missing.kind in ("broken-yaml", "unreadable") for missing in scope.graph.missing_references)
    return not broken and not discovery.unreadable and not any(template.errors for template in discovery.templates)


def _hides(missing: MissingReference) -> bool:
    return missing.kind in _HIDING and not is_from_galaxy(missing)


def _is_named(scope: Scope, role: str) -> bool:
    """Whether some YAML file outside of the role has its name: it may be used from where a name leads nowhere."""
    name, beside = posixpath.basename(role), posixpath.dirname(posixpath.dirname(role)) or "."
    namers = scope.once(("words of YAML files", beside), lambda: _namers(scope, beside))
    return any(not path.startswith(f"{role}/") for path in namers.get(name, ()))


def _namers(scope: Scope, beside: str) -> dict[str, list[str]]:
    """By name of an unused role: the YAML files below a folder that have it."""
    names = {posixpath.basename(role) for role in scope.graph.unused_roles}
    found: dict[str, list[str]] = {}
    for path in _yaml_files(scope, beside):
        for name in names.intersection(re.split(r"[^\w-]+", scope.read(path).decode("utf-8", "replace"))):
            found.setdefault(name, []).append(path)
    return found


def _yaml_files(scope: Scope, folder: str) -> Iterator[str]:
    for name in scope.tree.names(folder):
        path = posixpath.normpath(posixpath.join(folder, name))
        if scope.tree.kind(path) == "folder":
            if not name.startswith(".") and not scope.tree.links(path):
                yield from _yaml_files(scope, path)
        elif name.endswith((".yml", ".yaml")):
            yield path


def _face(scope: Scope, role: str) -> str:
    """The file of a role that a finding about all of it is shown at."""
    paths = [posixpath.join(role, face) for face in _FACES]
    found = (path for path in paths if scope.tree.kind(path) == "file")
    return next(found, None) or next(_yaml_files(scope, role), role)


def _role_path_unused(scope: Scope) -> Iterator[Finding]:
    unknown = {name for missing in scope.graph.missing_references if _hides(missing) for name in missing.templates}
    for image in scope.graph.images:
        if image.name in unknown:
            continue
        for unit in sorted({reached.unit for reached in image.reached if reached.unit.startswith(_UPLOADED)}):
            role = unit.removeprefix(_UPLOADED)
            if _is_used_through_links(scope, image, role):
                continue
            path, line = place_of(scope, image.template, role, posixpath.basename(role), "role_paths")
            yield Finding(
                rule="role-path-unused",
                path=path,
                line=line,
                message=f"uploads the role {role}, which its playbook does not use",
                fix="remove it from role_paths, or use it",
                image=image.name,
            )


def _is_used_through_links(scope: Scope, image: ImageNode, role: str) -> bool:
    """Whether the play reaches what a role's folder leads to: Packer uploads that, by the link's name."""
    folders = tuple(f"{name}/" for name in scope.tree.links(role))
    units = (one.unit for one in image.reached if not one.unit.startswith(_UPLOADED))
    return bool(folders) and any(path.startswith(folders) for unit in units for path in scope.graph.units[unit].files)


RULES = (
    Rule(
        id="unused-role",
        severity="warning",
        summary="No image uses the role",
        check=_unused_role,
    ),
    Rule(
        id="role-path-unused",
        severity="warning",
        summary="A template uploads a role that its playbook does not use",
        check=_role_path_unused,
    ),
)
