"""Runs the rules and says of each finding how grave it is, and whether somebody switched it off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Literal

import msgspec
from msgspec.structs import replace

from tfgen_generators.errors import UsageError
from tfgen_generators.lint.comments import Comments
from tfgen_generators.lint.ignores import Ignore
from tfgen_generators.lint.model import Edit, Finding, Rule, Severity
from tfgen_generators.lint.registry import all_rules
from tfgen_generators.lint.scope import Scope
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.lint_tables import RuleSettings
from tfgen_generators.settings.model import FILE_NAME

#: The rules about ignoring: found when all others are done.
_OWN = frozenset({"invalid-ignore", "unused-ignore"})


class Suppression(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Who switched a finding off: a comment in the file, tfgen.toml, or a baseline."""

    kind: Literal["comment", "settings", "baseline"]
    path: str
    line: int
    reason: str


class Judged(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A finding as it is shown."""

    finding: Finding
    severity: Severity
    suppressed: Suppression | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What lint found, sorted by place. `rules` ran."""

    rules: tuple[Rule, ...]
    judged: tuple[Judged, ...]

    @property
    def shown(self) -> tuple[Judged, ...]:
        """What nobody switched off."""
        return tuple(judged for judged in self.judged if judged.suppressed is None)

    def count(self, severity: Severity) -> int:
        """How many of `shown` are that grave."""
        return sum(judged.severity == severity for judged in self.shown)


def lint(scope: Scope, *, only: Collection[str] = ()) -> Report:
    """Runs the rules (`only` these ids, if given) on the whole repository. Raises UsageError for an unknown id."""
    rules = chosen_rules(only)
    by_id = {rule.id: rule for rule in rules}
    running = all_rules() if "unused-ignore" in by_id else rules  # what is of use can only be seen then
    judge = _Judge(scope, {rule.id for rule in running})
    judged = [one for one in _found(scope, running, judge) if one.finding.rule in by_id]
    for rule_id, extra in (("invalid-ignore", judge.invalid), ("unused-ignore", judge.unused)):
        if rule_id in by_id:
            judged += [judge.judge(by_id[rule_id], found) for found in dict.fromkeys(extra())]
    if scope.settings.origin.variants.images:
        judged = list(_of_one_text(judged))
    return Report(rules=rules, judged=tuple(sorted(judged, key=_place)))


def _of_one_text(judged: Iterable[Judged]) -> Iterator[Judged]:
    """What all variants of a template have alike is found once; switched off for one, it is still found."""
    found: dict[object, Judged] = {}
    for one in judged:
        place = _place(one)
        if place not in found or (one.suppressed is None and found[place].suppressed is not None):
            found[place] = one
    return iter(found.values())


def _found(scope: Scope, rules: Sequence[Rule], judge: _Judge) -> Iterator[Judged]:
    """Every finding once, by rule. Templates are looked at some after the other, so that not all are held at once."""
    found: dict[str, dict[Finding, Judged]] = {rule.id: {} for rule in rules}
    texts: dict[str, str] = {}
    own = [rule for rule in rules if rule.by_template]
    gathering = dict.fromkeys(rule.gather for rule in rules if rule.gather is not None)
    for _ in scope.parts() if own or gathering else ():
        for gather in gathering:
            gather(scope)
        for rule in own:
            _judge_all(rule, scope, judge, found[rule.id], texts)
    for rule in rules:
        if not rule.by_template:
            _judge_all(rule, scope, judge, found[rule.id], texts)
    return (judged for by_finding in found.values() for judged in by_finding.values())


def _judge_all(rule: Rule, scope: Scope, judge: _Judge, judged: dict[Finding, Judged], texts: dict[str, str]) -> None:
    """Adds what a rule finds. `texts` are those of all findings: many are equal, and each is held once."""
    for one in rule.check(scope):
        if one not in judged:
            message, fix = texts.setdefault(one.message, one.message), texts.setdefault(one.fix, one.fix)
            found = replace(one, message=message, fix=fix)
            judged[found] = judge.judge(rule, found)


def chosen_rules(only: Collection[str]) -> tuple[Rule, ...]:
    """The rules of these ids, all without any. Raises UsageError with the nearest id."""
    rules = all_rules()
    known = {rule.id for rule in rules}
    for name in only:
        if name not in known:
            raise UsageError(f"unknown rule {name!r}", fix=did_you_mean(name, known))
    return tuple(rule for rule in rules if not only or rule.id in only)


def applies(settings: RuleSettings, path: str) -> bool:
    """Whether a path is one of a rule's paths, or in one; without any every path is."""
    above = [path, *(str(folder) for folder in PurePosixPath(path).parents)]
    return not settings.paths or any(fnmatchcase(one, pattern) for one in above for pattern in settings.paths)


def _place(judged: Judged) -> tuple[str, int, int, str, str]:
    found = judged.finding
    return found.path, found.line, found.column, found.rule, found.message


class _Judge:
    def __init__(self, scope: Scope, ran: Set[str]) -> None:
        self._scope, self._ran = scope, ran
        self._settings = scope.settings.lint
        self._comments = Comments(scope)
        self._names = {member: one.name for one in scope.discovery.templates for member in (one.path, *one.members)}
        self._used: set[tuple[str, str]] = set()

    def judge(self, rule: Rule, found: Finding) -> Judged:
        severity = self._settings.severity.get(rule.id, rule.severity)
        own = self._settings.rules.get(rule.id)
        if own is not None and not own.is_off and own.severity and applies(own, found.path):
            severity = own.severity
        return Judged(finding=found, severity=severity, suppressed=self._suppression(found))  # type: ignore[arg-type]

    def _suppression(self, found: Finding) -> Suppression | None:
        comment = self._comments.covering(found)
        if comment is not None:
            return Suppression(kind="comment", path=comment.path, line=comment.line, reason=comment.reason)
        image = found.image or self._names.get(found.path, "")
        for name in (image, self._template_of(image)):
            if reason := self._settings.templates.get(name, {}).get(found.rule):
                self._used.add((name, found.rule))
                return self._in_settings(reason, "templates", name, found.rule)
        if reason := self._settings.disable.get(found.rule):
            return self._in_settings(reason, "disable", found.rule)
        return self._by_rule(found)

    def _template_of(self, image: str) -> str:
        """The template whose variant an image is, "" for another one."""
        variant = self._scope.settings.origin.variants.of_name(image)
        return variant.template if variant else ""

    def _known(self) -> set[str]:
        """The names that a table may have."""
        variants = self._scope.settings.origin.variants.images
        return {*variants, *(template.name for template in self._scope.discovery.templates)}

    def _by_rule(self, found: Finding) -> Suppression | None:
        """Off by `[lint.rules.NAME]`: there, or everywhere but there."""
        own = self._settings.rules.get(found.rule)
        if own is None:
            return None
        if own.is_off and applies(own, found.path):
            return self._in_settings(own.reason or "severity is off", "rules", found.rule)
        if own.paths and not own.severity and not applies(own, found.path):
            return self._in_settings(own.reason or "not in the rule's paths", "rules", found.rule)
        return None

    def _in_settings(self, reason: str, *key: str) -> Suppression:
        line = self._scope.settings.line("lint", *key)
        return Suppression(kind="settings", path=FILE_NAME, line=line, reason=reason)

    def invalid(self) -> Iterator[Finding]:
        """Comments and settings that name no rule, or give no reason."""
        known = {rule.id for rule in all_rules()}
        for comment in self._comments.all():
            unknown = [name for name in comment.rules if name not in known]
            message, fix = "", ""
            if not comment.rules:
                message, fix = "tfgen:ignore without a rule", "write: tfgen:ignore RULE-ID reason"
            elif unknown:
                message, fix = f"unknown rule {unknown[0]!r}", did_you_mean(unknown[0], known)
            elif not comment.reason:
                message, fix = f"tfgen:ignore {comment.rules[0]} without a reason", "add the reason after the rule"
            if message:
                yield Finding(rule="invalid-ignore", path=comment.path, line=comment.line, message=message, fix=fix)
        yield from self._invalid_settings(known)

    def _invalid_settings(self, known: Collection[str]) -> Iterator[Finding]:
        lint_settings = self._settings
        named: list[tuple[tuple[str, ...], Iterable[str]]] = [
            (("disable",), lint_settings.disable),
            (("severity",), lint_settings.severity),
            (("rules",), lint_settings.rules),
            *((("templates", name), rules) for name, rules in lint_settings.templates.items()),
        ]
        for key, rules in named:
            for rule in rules:
                if rule not in known:
                    message, fix = f"unknown rule {rule!r}", did_you_mean(rule, known)
                    yield self._in_toml("invalid-ignore", message, fix, *key, rule)
        names = self._known()
        for name in lint_settings.templates:
            if name not in names:
                near = did_you_mean(name, names)
                fix = near if near.startswith("did you") else "remove it, or use a name that tfgen list shows"
                yield self._in_toml("invalid-ignore", f"template {name!r} not found", fix, "templates", name)

    def unused(self) -> Iterator[Finding]:
        """What switches nothing off any more; only of rules that ran."""
        for comment in self._comments.all():
            for rule in comment.rules if comment.reason else ():
                if rule in self._ran - _OWN and not self._comments.is_used(comment, rule):
                    yield self._unused_comment(comment, rule)
        names = self._known()
        for name, rules in self._settings.templates.items():
            for rule in rules if name in names else ():  # else invalid-ignore says so
                if rule in self._ran and (name, rule) not in self._used:
                    message = f"{rule} has no finding in {name} to disable"
                    yield self._in_toml("unused-ignore", message, "remove it", "templates", name, rule)

    def _unused_comment(self, comment: Ignore, rule: str) -> Finding:
        message = f"{rule} has no finding here to disable"
        fix, edits = "remove it", tuple[Edit, ...]()
        if len(comment.rules) > 1:
            fix = f"remove {rule} from it"
        elif comment.span != (0, 0):
            edits = (Edit(path=comment.path, start=comment.span[0], end=comment.span[1], text=""),)
        path, line = comment.path, comment.line
        return Finding(rule="unused-ignore", path=path, line=line, message=message, fix=fix, edits=edits)

    def _in_toml(self, rule: str, message: str, fix: str, *key: str) -> Finding:
        line = self._scope.settings.line("lint", *key)
        return Finding(rule=rule, path=FILE_NAME, line=line, message=message, fix=fix)
