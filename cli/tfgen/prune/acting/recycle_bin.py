"""Whether the Recycle Bin keeps what is deleted: the way back of a deregistration.

Source: https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfgen.aws.failures import AwsError
from tfgen_generators.errors import RefusedError

if TYPE_CHECKING:
    from tfgen.aws.images.model import OwnedImage
    from tfgen.aws.images.snapshots import OwnedSnapshot
    from tfgen.aws.session import Account

IMAGE, SNAPSHOT = "EC2_IMAGE", "EBS_SNAPSHOT"
#: Seconds for which an answer counts.
_FRESH = 60.0


class RecycleBin:
    """The rules of one region."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._rules: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    def keeps(self, kind: str, tags: Mapping[str, str]) -> bool:
        """Whether a rule keeps a resource with these tags. Raises AwsError."""
        return any(_matches(rule, tags) for rule in self._of(kind))

    def _of(self, kind: str) -> list[dict[str, Any]]:
        asked, rules = self._rules.get(kind, (0.0, []))
        if asked and time.monotonic() - asked < _FRESH:
            return rules
        listed = self._account.pages("rbin", "list_rules", "Rules", ResourceType=kind)
        rules = [self._account.call("rbin", "get_rule", Identifier=each["Identifier"]) for each in list(listed)]
        self._rules[kind] = time.monotonic(), rules
        return rules


def _matches(rule: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """A rule with tags is about those that have one of them; one without is the region's, but for its exclusions."""
    if rule.get("Status") != "available" or not (rule.get("RetentionPeriod") or {}).get("RetentionPeriodValue"):
        return False
    if wanted := rule.get("ResourceTags"):
        return _has(tags, wanted)
    return not _has(tags, rule.get("ExcludeResourceTags") or ())


def _has(tags: Mapping[str, str], wanted: Iterable[Mapping[str, str]]) -> bool:
    return any(
        each["ResourceTagKey"] in tags and each.get("ResourceTagValue") in (None, "", tags[each["ResourceTagKey"]])
        for each in wanted
    )


def _refused(missing: Mapping[tuple[str, str], Sequence[str]]) -> RefusedError:
    """That no rule keeps some resources, (region, kind) -> ids, and the commands that make one."""
    said = "; ".join(
        f"{kind} in {region}: {ids[0]}{f' and {len(ids) - 1} more' if len(ids) > 1 else ''}"
        for (region, kind), ids in missing.items()
    )
    commands = " && ".join(
        f"aws rbin create-rule --region {region} --resource-type {kind} "
        "--retention-period RetentionPeriodValue=14,RetentionPeriodUnit=DAYS"
        for region, kind in missing
    )
    fix = f"run: {commands}, or use aws_rbin_rule (docs/prune.md, Undo); --no-undo deletes for ever"
    return RefusedError(f"no rule of the Recycle Bin keeps what would be deleted ({said})", fix=fix)


def require_rules(
    bins: Mapping[str, RecycleBin],
    going: Iterable[OwnedImage],
    everything: Iterable[OwnedImage],
    snapshots: Mapping[str, Mapping[str, OwnedSnapshot]],
) -> None:
    """That each AMI of `going`, and each snapshot that goes with it, comes to a bin. Raises RefusedError."""
    images = list(going)
    leaving = {(ami.region, ami.id) for ami in images}
    held = {
        (ami.region, each.id) for ami in everything if (ami.region, ami.id) not in leaving for each in ami.snapshots
    }
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ami in images:
        bin_, tags = bins[ami.region], snapshots.get(ami.region, {})
        try:
            if not bin_.keeps(IMAGE, ami.tags):
                missing[ami.region, IMAGE].append(ami.id)
            for each in ami.snapshots:
                if (ami.region, each.id) in held:
                    continue
                if not bin_.keeps(SNAPSHOT, tags[each.id].tags if each.id in tags else {}):
                    missing[ami.region, SNAPSHOT].append(each.id)
        except AwsError as error:
            fix = "nothing was done; give the right (tfgen prune FILE --iam-policy), or delete for ever with --no-undo"
            raise RefusedError(f"the Recycle Bin in {ami.region} cannot be asked: {error}", fix=fix) from None
    if missing:
        raise _refused(missing)
