"""Event rules of a call held against AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfgen.aws.resources.model import RuleFacts
from tfgen.status.drift.compare.differences import Differences, same_document
from tfgen.status.model import Drift
from tfgen_generators.module.resources.model import Resource, Resources, is_decided


def rule_drift(resource: Resource, made: Resources, found: RuleFacts) -> list[Drift]:
    """What differs in a rule that exists."""
    name = resource.text("name")
    seen = Differences(f"rule {name}")
    enabled = resource.attributes.get("is_enabled", True) is not False and "state" not in resource.attributes
    seen.of("state", resource.get("state") if "state" in resource.attributes else _word(enabled=enabled), found.state)
    for field, have in (("schedule_expression", found.schedule), ("description", found.description)):
        if field in resource.attributes:
            seen.of(field, resource.get(field), have)
    pattern = resource.get("event_pattern")
    if is_decided(pattern) and not same_document(str(pattern or ""), found.pattern):
        seen.say("event_pattern", str(pattern or "") or "(none)", found.pattern or "(none)")
    if found.targets is not None:
        _targets(seen, name, made, found.targets)
    return seen.found


def _word(*, enabled: bool) -> str:
    return "ENABLED" if enabled else "DISABLED"


def _targets(seen: Differences, rule: str, made: Resources, found: tuple[Mapping[str, Any], ...]) -> None:
    have = {str(each.get("Id", "")): each for each in found}
    targets = [one for one in made.of("aws_cloudwatch_event_target") if one.attributes.get("rule") == rule]
    for one in targets:
        target = have.pop(one.text("target_id"), None)
        if target is None:
            seen.say(f"target {one.text('target_id')}", "exists", "does not exist")
            continue
        seen.of(f"target {one.text('target_id')}.arn", one.get("arn"), target.get("Arn"))
        seen.of(f"target {one.text('target_id')}.role_arn", one.get("role_arn"), target.get("RoleArn"))
    if (
        made.are_all("aws_cloudwatch_event_target")
        and made.are_all("*")
        and all(one.text("target_id") for one in targets)
    ):
        for name, target in sorted(have.items()):
            seen.say(f"target {name}", "does not exist", str(target.get("Arn", "")))
