"""Rules about which image is built on which."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope
from tfgen_generators.lint.templates.places import place_of

_FILTERS = ("source_ami_filter", "amazon-ami", "source_ami")


def _unknown_parent(scope: Scope) -> Iterator[Finding]:
    for origin in scope.ancestry.unresolved:
        fix = (
            f"did you mean the image {origin.nearest}?"
            if origin.nearest
            else "correct what it looks for, or add its owner"
        )
        path, line = place_of(scope, origin.path, *_FILTERS)
        yield Finding(
            rule="unknown-parent",
            path=path,
            line=line,
            message=f"starts from an AMI of this account that no template builds: {origin.label}",
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
            message=f"these images are built on each other: {', '.join(cycle)}",
            fix="start one of them from another image",
            image=first.name,
        )


RULES = (
    Rule(
        id="unknown-parent",
        severity="warning",
        summary="An image starts from one of this account that no template builds",
        check=_unknown_parent,
    ),
    Rule(
        id="parent-cycle",
        severity="error",
        summary="Images are built on each other in a circle",
        check=_parent_cycle,
    ),
)
