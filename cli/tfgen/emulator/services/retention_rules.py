"""The service rbin, which moto does not have: the retention rules of the Recycle Bin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from tfgen.emulator.amis.pages import page
from tfgen.emulator.amis.refusals import refusal
from tfgen.emulator.amis.state import of

_SUMMARY = ("Identifier", "Description", "RetentionPeriod", "LockState", "RuleArn")


class Responses(BaseResponse):
    """The class that answers, as moto's own services have one."""

    def __init__(self) -> None:
        super().__init__(service_name="rbin")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.current_account][self.region]

    def _rule(self) -> dict[str, Any]:
        wanted = self._get_param("Identifier") or str(self._get_param("ResourceArn")).rpartition("/")[2]
        rule = of(self.backend).rules.get(wanted)
        if rule is None:
            raise refusal("ResourceNotFoundException", f"The rule {wanted} does not exist")
        return rule

    def _unlocked(self) -> dict[str, Any]:
        rule = self._rule()
        if rule.get("LockState") in ("locked", "pending_unlock"):
            raise refusal("ConflictException", "The rule is locked")
        return rule

    def _answer(self, rule: dict[str, Any]) -> ActionResult:
        return ActionResult({key: value for key, value in rule.items() if key != "Tags"})

    def create_rule(self) -> ActionResult:
        from moto.moto_api._internal import mock_random

        backend, identifier = self.backend, mock_random.get_random_string(length=11)
        if self._get_param("ResourceTags") and self._get_param("ExcludeResourceTags"):
            raise refusal("ValidationException", "A rule has either resource tags or exclusions")
        lock = self._get_param("LockConfiguration")
        rule = {
            "Identifier": identifier,
            "Description": self._get_param("Description") or "",
            "RetentionPeriod": self._get_param("RetentionPeriod"),
            "ResourceType": self._get_param("ResourceType"),
            "ResourceTags": self._get_param("ResourceTags") or [],
            "ExcludeResourceTags": self._get_param("ExcludeResourceTags") or [],
            "Status": of(backend).rule_status,
            "LockState": "locked" if lock else "unlocked",
            "RuleArn": f"arn:{backend.partition}:rbin:{self.region}:{self.current_account}:rule/{identifier}",
            "Tags": self._get_param("Tags") or [],
            **({"LockConfiguration": lock} if lock else {}),
        }
        of(backend).rules[identifier] = rule
        return ActionResult(rule)

    def get_rule(self) -> ActionResult:
        return self._answer(self._rule())

    def list_rules(self) -> ActionResult:
        asked = {"ResourceType": self._get_param("ResourceType"), "LockState": self._get_param("LockState")}
        found = list(of(self.backend).rules.values())
        found = [rule for rule in found if all(value in (None, rule[key]) for key, value in asked.items())]
        for key in ("ResourceTags", "ExcludeResourceTags"):
            wanted = self._get_param(key) or []
            found = [rule for rule in found if all(tag in rule[key] for tag in wanted)]
        return ActionResult(page(self, "Rules", [{key: rule[key] for key in _SUMMARY} for rule in found]))

    def update_rule(self) -> ActionResult:
        rule = self._unlocked()
        names = ("RetentionPeriod", "Description", "ResourceType", "ResourceTags", "ExcludeResourceTags")
        rule |= {name: value for name in names if (value := self._get_param(name)) is not None}
        return self._answer({key: value for key, value in rule.items() if key != "LockConfiguration"})

    def delete_rule(self) -> ActionResult:
        of(self.backend).rules.pop(self._unlocked()["Identifier"])
        return ActionResult({})

    def lock_rule(self) -> ActionResult:
        rule = self._unlocked()
        rule |= {"LockConfiguration": self._get_param("LockConfiguration"), "LockState": "locked"}
        return self._answer(rule)

    def unlock_rule(self) -> ActionResult:
        rule = self._rule()
        days = rule.get("LockConfiguration", {}).get("UnlockDelay", {}).get("UnlockDelayValue", 7)
        rule |= {"LockState": "pending_unlock", "LockEndTime": datetime.now(UTC) + timedelta(days=days)}
        return self._answer(rule)

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"Tags": self._rule()["Tags"]})

    def tag_resource(self) -> ActionResult:
        rule, given = self._rule(), self._get_param("Tags")
        keys = {tag["Key"] for tag in given}
        rule["Tags"] = [tag for tag in rule["Tags"] if tag["Key"] not in keys] + list(given)
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        rule = self._rule()
        rule["Tags"] = [tag for tag in rule["Tags"] if tag["Key"] not in self._get_param("TagKeys")]
        return ActionResult({})
