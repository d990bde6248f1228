"""Rules about lint itself: what it could not read, and comments that switch rules off."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen_generators.lint.model import Finding, Rule
from tfgen_generators.lint.scope import Scope


def _unreadable_template(scope: Scope) -> Iterator[Finding]:
    for template in scope.discovery.templates:
        for problem in template.errors:
            yield Finding(
                rule="unreadable-template",
                path=problem.path,
                line=problem.line,
                message=problem.message,
                fix=problem.fix,
                image=template.name,
            )
    for problem in scope.discovery.unreadable:
        rule = "unreadable-template"
        yield Finding(rule=rule, path=problem.path, line=problem.line, message=problem.message, fix=problem.fix)


def _by_the_engine(_scope: Scope) -> Iterator[Finding]:
    """Found when all other rules are done (engine.py)."""
    return iter(())


RULES = (
    Rule(
        id="unreadable-template",
        severity="error",
        summary="A template cannot be read, or its name is already used",
        check=_unreadable_template,
    ),
    Rule(
        id="invalid-ignore",
        severity="error",
        summary="A rule is disabled without a reason, or does not exist",
        check=_by_the_engine,
    ),
    Rule(
        id="unused-ignore",
        severity="warning",
        summary="A rule is disabled where it has no finding",
        check=_by_the_engine,
    ),
)
