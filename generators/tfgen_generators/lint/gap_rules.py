"""What is named and not there, or there and not readable: the gaps that the graph found, one rule a kind."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from tfgen_generators.graph.model import Gap, GapKind
from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.nearest import did_you_mean

_SUMMARIES: dict[GapKind, tuple[str, str]] = {
    "missing-playbook": ("missing-playbook", "A playbook that is named is not there"),
    "missing-role": ("missing-role", "A role that is named is not there"),
    "missing-role-path": ("missing-role-path", "A folder of roles that a template names is not there"),
    "missing-script": ("missing-script", "A script that a template runs is not there"),
    "missing-file": ("missing-file", "A file that is uploaded, copied, filled in or read is not there"),
    "missing-tasks": ("missing-tasks", "A file of tasks that is named is not there"),
    "broken-yaml": ("broken-yaml", "A file of Ansible's is no valid YAML"),
    "unreadable": ("unreadable-file", "A file that an image is made of cannot be read"),
    "role-cycle": ("role-cycle", "Roles depend on each other in a circle"),
}


def is_from_galaxy(gap: Gap) -> bool:
    """Whether a missing role is one that Galaxy would bring (`owner.role`, `namespace.collection.role`)."""
    parts = gap.name.split(".")
    return gap.kind == "missing-role" and len(parts) > 1 and all(part.isidentifier() for part in parts)


def galaxy_files(scope: Scope) -> dict[str, set[str]]:
    """By member of a template: the requirements files that it names and that are not there, as written."""
    found: dict[str, set[str]] = {}
    for template in scope.templates:
        for used in scope.described(template).files:
            if used.use == "galaxy_file" and used.known and used.resolved is None:
                for member in template.members:
                    found.setdefault(member, set()).add(used.path)
    return found


def finding(rule: str, gap: Gap, fix: str) -> Finding:
    """A gap as a finding."""
    image = gap.templates[0] if len(gap.templates) == 1 else ""
    return Finding(rule=rule, path=gap.path, line=gap.line, message=gap.message, fix=gap.fix or fix, image=image)


def _check(kind: GapKind) -> Callable[[Scope], Iterator[Finding]]:
    def check(scope: Scope) -> Iterator[Finding]:
        for gap in scope.graph.gaps:
            if gap.kind == kind and not _is_another_rules(scope, gap):
                yield finding(_SUMMARIES[kind][0], gap, _nearest(scope, gap))

    return check


def _is_another_rules(scope: Scope, gap: Gap) -> bool:
    """requirements-missing says more of these."""
    named = scope.once("galaxy files", lambda: galaxy_files(scope))
    return is_from_galaxy(gap) or gap.name in named.get(gap.path, ())


def _nearest(scope: Scope, gap: Gap) -> str:
    """What was probably meant: a name in the folder where the missing one would be."""
    name = posixpath.basename(gap.name.rstrip("/"))
    if not name or not gap.kind.startswith("missing"):
        return ""
    folder = posixpath.dirname(gap.name)
    for base in ("", posixpath.dirname(gap.path)):
        known = scope.tree.names(posixpath.normpath(posixpath.join(base, folder)))
        hint = did_you_mean(name, known) if known else ""
        if hint.startswith("did you mean"):
            return hint
    return ""


RULES = tuple(
    Rule(id=rule, severity="error", summary=summary, check=_check(kind)) for kind, (rule, summary) in _SUMMARIES.items()
)
