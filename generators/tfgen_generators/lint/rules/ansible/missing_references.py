"""Rules on what is named and not found, or found and not readable: one rule for each kind of missing reference."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

import msgspec

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.rules.ansible.conditions import is_guarded
from tfgen_generators.lint.rules.ansible.not_yet import may_be_there
from tfgen_generators.lint.rules.ansible.requirements_files import listed_roles
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import node_of, place_of
from tfgen_generators.lint.templates.source import source_at, sources
from tfgen_generators.nearest import near_path
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.model import MissingKind, MissingReference

_SUMMARIES: dict[MissingKind, tuple[str, str]] = {
    "missing-playbook": ("missing-playbook", "A playbook does not exist"),
    "missing-role": ("missing-role", "A role does not exist"),
    "missing-role-path": ("missing-role-path", "A role folder of a template does not exist"),
    "missing-script": ("missing-script", "A script of a template does not exist"),
    "missing-file": ("missing-file", "A file that a template, playbook or role uses does not exist"),
    "missing-tasks": ("missing-tasks", "A task file does not exist"),
    "broken-yaml": ("broken-yaml", "An Ansible file is not valid YAML"),
    "unreadable": ("unreadable-file", "A file of an image cannot be read"),
    "role-cycle": ("role-cycle", "Roles have a dependency cycle"),
}
#: So many are compared with what is there instead.
_MOST_COMPARED = 1000
_NAMED_BY_ANSIBLE = frozenset({"missing-file", "missing-playbook", "missing-tasks"})


def is_from_galaxy(missing: MissingReference) -> bool:
    """Whether a missing role is one that Galaxy would bring (`owner.role`, `namespace.collection.role`)."""
    parts = missing.name.split(".")
    return missing.kind == "missing-role" and len(parts) > 1 and all(part.isidentifier() for part in parts)


def galaxy_files(scope: Scope) -> dict[str, set[str]]:
    """By member of a template: the requirements files that it names and that are not there, as written."""
    found: dict[str, set[str]] = {}
    for template in scope.templates:
        for used in scope.described(template).files:
            if used.use == "galaxy_file" and used.known and used.resolved is None:
                for member in template.members:
                    found.setdefault(member, set()).add(used.path)
    return found


def finding(rule: str, missing: MissingReference, fix: str) -> Finding:
    """A gap as a finding."""
    image = missing.templates[0] if len(missing.templates) == 1 else ""
    return Finding(
        rule=rule, path=missing.path, line=missing.line, message=missing.message, fix=fix or missing.fix, image=image
    )


#: Rule -> use of a path, what it may not be, how a message calls it, and the way out.
_NO_SUCH: dict[MissingKind, tuple[str, str, str, str]] = {
    "missing-playbook": ("playbook", "folder", "playbook", "use a file in it"),
    "missing-script": ("script", "folder", "script", "use a file in it"),
    "missing-role-path": ("role_path", "file", "role path", "name the role's folder: Packer refuses a file"),
}


def _check(kind: MissingKind) -> Callable[[Scope], Iterator[Finding]]:
    def check(scope: Scope) -> Iterator[Finding]:
        for missing in scope.graph.missing_references:
            if missing.kind == kind and not _is_another_rules(scope, missing) and not _may_come(scope, missing):
                yield finding(_SUMMARIES[kind][0], _placed(scope, missing), _nearest(scope, missing))
        yield from _folders(scope, kind)

    return check


def _may_come(scope: Scope, missing: MissingReference) -> bool:
    return missing.kind.startswith("missing-") and (is_guarded(scope, missing) or may_be_there(scope, missing))


def _placed(scope: Scope, missing: MissingReference) -> MissingReference:
    """With the line of the value that names it, where that is a template's."""
    source = source_at(scope, missing.path)
    node = node_of(source, missing.name) if source is not None and missing.name else None
    return msgspec.structs.replace(missing, path=node.path, line=node.line) if node is not None else missing


def _folders(scope: Scope, kind: MissingKind) -> Iterator[Finding]:
    """Folders where a playbook or a script is named, and files where a role's folder is."""
    use, wrong, said, fix = _NO_SUCH.get(kind, ("", "", "", ""))
    for template in scope.templates if use else ():
        named = {used.path: used.resolved for used in scope.described(template).files if used.use == use}
        for written, resolved in named.items():
            if resolved and scope.tree.kind(resolved) == wrong and _is_uploaded(scope, template, use, written):
                path, line = place_of(scope, template.path, written)
                rule, message, image = _SUMMARIES[kind][0], f"{said} {written!r} is a {wrong}", template.name
                yield Finding(rule=rule, path=path, line=line, message=message, fix=fix, image=image)


def _is_uploaded(scope: Scope, template: Template, use: str, written: str) -> bool:
    """Whether Packer itself looks at this role path; Ansible passes over a file among its own search paths."""
    if use != "role_path":
        return True
    found = [source for source in sources(scope) if source.template.name == template.name]
    given = (
        (source, component.node.find("role_paths"))
        for source in found
        for component in source.provisioners
        if component.kind == "ansible-local"
    )
    values = [source.values.fixed(node.value()) for source, node in given if node is not None]
    return any(written in value for value in values if isinstance(value, list))


def _is_another_rules(scope: Scope, missing: MissingReference) -> bool:
    """Another rule says more of these; what a requirements file brings is no finding at all."""
    if missing.kind == "missing-role-path" and not _is_template(scope, missing.path):
        return True  # not-uploaded knows by which names a role is found on the machine
    named = scope.once("galaxy files", lambda: galaxy_files(scope))
    brought = missing.kind == "missing-role" and missing.name in scope.once("listed roles", lambda: listed_roles(scope))
    return brought or is_from_galaxy(missing) or missing.name in named.get(missing.path, ())


def _is_template(scope: Scope, path: str) -> bool:
    """Whether a path is a file of a template."""
    templates = scope.discovery.templates
    members = scope.once("members", lambda: {path for one in templates for path in (one.path, *one.members)})
    return path in members


def _nearest(scope: Scope, missing: MissingReference) -> str:
    """What a file of Ansible's probably meant; what a template means, and roles, the graph has compared by itself."""
    if missing.kind not in _NAMED_BY_ANSIBLE or not missing.name or not missing.path.endswith((".yml", ".yaml")):
        return ""
    here = posixpath.dirname(missing.path)
    beside = [posixpath.join(posixpath.dirname(here), name) for name in ("templates", "files", "tasks", "vars")]
    compared = scope.once("missing files", dict[tuple[str, str], str])
    if (here, missing.name) not in compared and len(compared) < _MOST_COMPARED:
        compared[here, missing.name] = ""
        for base in (*beside, here):
            if near := near_path(posixpath.join(base, missing.name), scope.tree.names):
                compared[here, missing.name] = f"did you mean {posixpath.relpath(near, base)}?"
                break
    return compared.get((here, missing.name), "")


RULES = tuple(
    Rule(id=rule, severity="error", summary=summary, check=_check(kind)) for kind, (rule, summary) in _SUMMARIES.items()
)
