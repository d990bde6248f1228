"""Rules about which image is built on which."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of

_FILTERS = ("source_ami_filter", "amazon-ami", "source_ami")


def _gather(scope: Scope) -> None:
    """Asks while there are few findings yet: what is read for the answer takes the room that these need later."""
    _ = scope.ancestry


def _unknown_parent(scope: Scope) -> Iterator[Finding]:
    for origin in scope.ancestry.unresolved:
        if origin.owners != "self" and not origin.nearest:
            continue  # it may well be another owner's
        fix = (
            f"did you mean the image {origin.nearest}?" if origin.nearest else "fix the filter, or add the AMI's owner"
        )
        path, line = place_of(scope, origin.path, *_FILTERS)
        yield Finding(
            rule="unknown-parent",
            path=path,
            line=line,
            message=f"the source AMI is in this account, but no template builds it: {origin.label}",
            fix=fix,
            image=origin.image,
        )


def _parent_cycle(scope: Scope) -> Iterator[Finding]:
    paths = {template.name: template for template in scope.templates}
    for cycle in scope.ancestry.cycles:
        first = next((paths[name] for name in cycle if name in paths), None)
        if first is None:
            continue
        edges = scope.ancestry.parents.get(first.name, ())
        where = next((parent.edge.path for parent in edges if parent.name in cycle), first.path)
        path, line = place_of(scope, where, *_FILTERS)
        yield Finding(
            rule="parent-cycle",
            path=path,
            line=line,
            message=f"these images depend on each other: {', '.join(cycle)}",
            fix="build one of them from another image",
            image=first.name,
        )


RULES = (
    Rule(
        id="unknown-parent",
        severity="warning",
        summary="The source AMI is in this account, but no template builds it",
        check=_unknown_parent,
        gather=_gather,
    ),
    Rule(
        id="parent-cycle",
        severity="error",
        summary="Images have a dependency cycle",
        check=_parent_cycle,
        gather=_gather,
    ),
)
