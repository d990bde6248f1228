"""Rules about what a play on the machine names and `ansible-local` does not upload: in the repository, not there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.ansible.requirements_files import listed_roles
from tfgen_generators.lint.rules.ansible.uploads import ANYWHERE, Uploads, uploads_of
from tfgen_generators.lint.templates.source import sources
from tfgen_generators.paths.model import Edge, Reached

if TYPE_CHECKING:
    from tfgen_generators.lint.scope import Scope

#: So many files of one folder are listed one by one.
_MOST_LISTED = 20
_ASIDE = ("link ", "configuration ", "uploaded ", "collection ", "module ")
_VARIABLES = ("group_vars ", "host_vars ")
_ROLE = "role "


class _Lacking(msgspec.Struct, frozen=True, kw_only=True):
    """What is not on the machine: named at `edge`, for each of `images`."""

    what: str
    edge: Edge
    message: str
    fix: str


def lacking(scope: Scope) -> dict[_Lacking, list[str]]:
    """Everything that is not uploaded, with the images that need it."""
    found = _found(scope)
    if not scope.is_gathered and not found:
        _gather(scope)
    return found


def _found(scope: Scope) -> dict[_Lacking, list[str]]:
    return scope.once("not uploaded", dict[_Lacking, list[str]])


def _gather(scope: Scope) -> None:
    """Keeps what the templates lack that are looked at."""
    found = _found(scope)
    for source in sources(scope):
        image = scope.graph.image(source.template.name)
        for component, uploads in uploads_of(scope, source) if image else ():
            node = component.node.near("playbook_file")
            here = Edge(path=node.path, line=node.line, label="")
            run = _Run(scope, uploads, here, image.reached if image else ())
            for one in dict.fromkeys(run.lacking()):
                found.setdefault(one, []).append(source.template.name)


class _Run:
    """The runs of one provisioner: its playbooks, and what these reach."""

    def __init__(self, scope: Scope, uploads: Uploads, here: Edge, reached: Iterable[Reached]) -> None:
        self._scope, self._uploads, self._here = scope, uploads, here
        self._by: dict[str | None, list[Reached]] = {}
        for one in reached:
            self._by.setdefault(one.by, []).append(one)

    def lacking(self) -> Iterator[_Lacking]:
        starts = {f"playbook {path}" for path in self._uploads.playbooks}
        pending = [one for ways in self._by.values() for one in ways if one.unit in starts and not one.edge.widened]
        seen: set[str] = set()
        while pending:
            reached = pending.pop()
            if reached.unit in seen or reached.edge.widened:
                continue
            seen.add(reached.unit)
            yield from self._of(reached)
            pending += self._by.get(reached.unit, ())

    def _of(self, reached: Reached) -> Iterator[_Lacking]:
        unit = reached.unit
        if unit.startswith(_ASIDE):
            return
        folder = self._role(unit)
        if folder:
            yield from self._lacking_role(folder, reached)
        for path, edge in self._scope.graph.units[unit].files.items():
            inside = folder and path.startswith(f"{folder}/")
            if not inside and not edge.widened and not self._places(path):
                yield self._lacking_file(unit, path, edge if edge.path else reached.edge)

    def _lacking_file(self, unit: str, path: str, edge: Edge) -> _Lacking:
        if unit.startswith(_VARIABLES):
            what = unit.partition(" ")[0]
            message = f"{path} is not uploaded, so ansible-local runs without these variables"
            fix = f"add {what} = {posixpath.dirname(path)!r} to the template, or a playbook_dir that holds it"
            return _Lacking(what=what, edge=self._here, message=message, fix=fix)
        label = edge.label or "named"
        message = f"{label}: {path} is not uploaded, so it is not on the machine where ansible-local runs"
        folder = posixpath.dirname(edge.path) or "."
        fix = f"add playbook_dir = {folder!r} to the template, or upload it with a file provisioner"
        return _Lacking(what="file", edge=edge, message=message, fix=fix)

    def _lacking_role(self, folder: str, reached: Reached) -> Iterator[_Lacking]:
        name = reached.edge.label.partition(": ")[2]
        places = self._places(folder)
        if not places:
            if name in self._scope.once("listed roles", lambda: listed_roles(self._scope)):
                return
            message = f"{reached.edge.label}: the role {folder} is not uploaded, so it is not on the machine"
            fix = f"add {folder} to role_paths"
            yield _Lacking(what="role", edge=reached.edge, message=f"{message} where ansible-local runs", fix=fix)
            return
        searched = {f"roles/{name}", name, *self._beside(reached.by, name)}
        if ANYWHERE in places or not self._uploads.plain or name.count(".") > 1 or searched.intersection(places):
            return
        shown = places[0]
        message = f"{reached.edge.label}: the role is uploaded as {shown}, where Ansible does not find it by this name"
        by_name = shown.removeprefix("roles/")
        fix = f"name it {by_name}, or add {folder} to role_paths" if "/" not in name else f"name it {by_name}"
        yield _Lacking(what="role", edge=reached.edge, message=message, fix=fix)

    def _beside(self, unit: str | None, name: str) -> Iterator[str]:
        """Where a role finds another one: beside itself."""
        folder = self._role(unit or "")
        for place in self._places(folder) if folder else ():
            yield posixpath.join(posixpath.dirname(place), name)

    def _places(self, path: str) -> list[str]:
        return self._uploads.places(path, *self._scope.tree.links(path))

    def _role(self, unit: str) -> str:
        """The folder of a unit that is a role, "" of another one."""
        path = unit.removeprefix(_ROLE) if unit.startswith(_ROLE) else ""
        while path and self._scope.tree.kind(path) != "folder":
            path = path.rpartition(" ")[0]
        return path


def _findings(scope: Scope, rule: str, *, variables: bool) -> Iterator[Finding]:
    shown: dict[tuple[str, Edge], int] = {}
    for one, images in lacking(scope).items():
        if (one.what in ("group_vars", "host_vars")) != variables:
            continue
        key = (one.what, one.edge)
        shown[key] = shown.get(key, 0) + 1
        if shown[key] > _MOST_LISTED:
            continue
        path, line = one.edge.path, one.edge.line
        image = images[0] if len(set(images)) == 1 else ""
        yield Finding(rule=rule, path=path, line=line, message=one.message, fix=one.fix, image=image)


def _not_uploaded(scope: Scope) -> Iterator[Finding]:
    yield from _findings(scope, "not-uploaded", variables=False)


def _variables(scope: Scope) -> Iterator[Finding]:
    yield from _findings(scope, "variables-not-uploaded", variables=True)


RULES = (
    Rule(
        id="not-uploaded",
        severity="error",
        summary="A play names a file or role that ansible-local does not upload",
        check=_not_uploaded,
        gather=_gather,
    ),
    Rule(
        id="variables-not-uploaded",
        severity="warning",
        summary="ansible-local does not upload the variables of a group or host",
        check=_variables,
        gather=_gather,
    ),
)
