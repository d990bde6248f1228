"""What Packer builds that were killed have left in one region: found, never guessed, and deleted in order.

Packer calls its temporary key pair and security group packer_UUID, where the UUID begins with the time (Unix, 32 bits),
describes the group as below, and tags the instance and its volumes with the template's run_tags.
Source: packer-plugin-amazon (step_key_pair.go, step_security_group.go, step_run_source_instance.go), packer-plugin-sdk
(uuid.TimeOrderedUUID); seen with Packer 1.6.6.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tfgen.aws.cleanup.launch_templates import TAG, old_launch_templates
from tfgen.aws.cleanup.model import Doubt, Leftover, has_packers_tags, made, tags_of
from tfgen.aws.failures import AwsError, is_denied
from tfgen.aws.session import Account

_DESCRIPTION = "Temporary group for Packer"
_BUILD_ID = re.compile(r"[A-Za-z0-9][\w-]{1,254}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What CodeBuild lets a build take: the instance of an older one is no running build's.
_LONGEST_BUILD = timedelta(hours=36)
_ALIVE = ("pending", "running", "stopping", "stopped", "shutting-down")
#: As many as one call takes.
_BUILDS_AT_ONCE, _GROUPS_AT_ONCE = 100, 200


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is not terminated."""

    id: str
    key: str
    groups: frozenset[str]
    profile: str
    tags: Mapping[str, str]
    since: datetime
    is_ending: bool

    @property
    def builds(self) -> list[str]:
        """The builds of CodeBuild that its tags name."""
        return [value for value in self.tags.values() if _BUILD_ID.fullmatch(value)]


class Search:
    """One look at one region. Raises AwsError.

    `profiles` are the instance profiles that are in use, by instance. `unseen` says what one may not look at: those who
    have only the rights that this needed before it knew launch templates get the rest all the same.
    """

    def __init__(self, account: Account, before: datetime) -> None:
        self._account, self._before = account, before
        self.doubts: list[Doubt] = []
        self.unseen: list[str] = []
        instances = [_instance(found) for found in self._instances()]
        groups = {found["GroupId"]: found for found in self._groups()}
        taken = self._old_instances(instances, groups)
        others = [instance for instance in instances if instance not in taken]
        self.leftovers: tuple[Leftover, ...] = (
            *(self._leftover("instance", each.id, each.tags.get("Name", ""), each.since) for each in taken),
            *self._old_groups(groups, taken),
            *self._old_keys(taken, others),
            *self._old_volumes(),
            *self._old_templates(taken, others),
        )
        self.profiles = {each.id: each.profile for each in instances if each.profile}

    def _old_instances(self, instances: Sequence[Instance], groups: Collection[str]) -> list[Instance]:
        """Two of three signs must say that it is Packer's: the key pair, the security group, the tags."""
        ours = []
        for each in instances:
            signs = {
                "key pair": made(each.key) is not None,
                "security group": bool(each.groups & set(groups)),
                "tags": has_packers_tags(each.tags),
            }
            if each.since >= self._before or each.is_ending or not any(signs.values()):
                continue
            if sum(signs.values()) > 1:
                ours.append(each)
            else:
                sign = next(name for name, said in signs.items() if said)
                self._doubt(each, f"only one of three signs is Packer's ({sign})")
        return self._without_a_running_build(ours)

    def _without_a_running_build(self, instances: Sequence[Instance]) -> list[Instance]:
        youngest = datetime.now(UTC) - _LONGEST_BUILD
        of_builds = [each for each in instances if each.since > youngest]
        running = self._running_builds({build for each in of_builds for build in each.builds})
        doubtful = set()
        for each in of_builds:
            if reason := next((running[build] for build in each.builds if build in running), ""):
                doubtful.add(each.id)
                self._doubt(each, reason)
        return [each for each in instances if each.id not in doubtful]

    def _running_builds(self, builds: Collection[str]) -> dict[str, str]:
        """Those that go on, or may, each with the words for it."""
        found: dict[str, str] = {}
        ids = sorted(builds)
        for start in range(0, len(ids), _BUILDS_AT_ONCE):
            chunk = ids[start : start + _BUILDS_AT_ONCE]
            try:
                answer = self._account.call("codebuild", "batch_get_builds", ids=chunk)
            except AwsError as error:
                found |= dict.fromkeys(chunk, f"the status of its build is not known: {error}")
                continue
            status = {each["id"]: each.get("buildStatus") for each in answer.get("builds", [])}
            for build in chunk:
                if build not in status:  # of another region, or account
                    found[build] = f"its build {build} is not in this region, and may still be running"
                elif status[build] == "IN_PROGRESS":
                    found[build] = f"its build {build} is still running"
        return found

    def _old_groups(self, groups: Mapping[str, dict[str, Any]], taken: Sequence[Instance]) -> Iterator[Leftover]:
        """Every instance in a VPC has its groups by a network interface, as other things have."""
        old = [found for found in groups.values() if self._is_old(found["GroupName"])]
        held = self._groups_of_interfaces([found["GroupId"] for found in old], [each.id for each in taken])
        for found in old:
            if found["GroupId"] not in held:
                users = tuple(each.id for each in taken if found["GroupId"] in each.groups)
                yield self._temporary("security group", found["GroupId"], found["GroupName"], users)

    def _groups_of_interfaces(self, groups: Sequence[str], instances: Collection[str]) -> set[str]:
        """Those of `groups` that a network interface has which none of `instances` has."""
        held: set[str] = set()
        for start in range(0, len(groups), _GROUPS_AT_ONCE):
            only = [{"Name": "group-id", "Values": list(groups[start : start + _GROUPS_AT_ONCE])}]
            for found in self._account.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=only):
                if (found.get("Attachment") or {}).get("InstanceId") not in instances:
                    held |= {group["GroupId"] for group in found.get("Groups", [])}
        return held

    def _old_keys(self, taken: Sequence[Instance], others: Sequence[Instance]) -> Iterator[Leftover]:
        used = {each.key for each in others}
        for found in self._account.call("ec2", "describe_key_pairs").get("KeyPairs", []):
            name, created = found["KeyName"], found.get("CreateTime")
            if name not in used and self._is_old(name) and (created is None or created < self._before):
                users = tuple(each.id for each in taken if each.key == name)
                yield self._temporary("key pair", found["KeyPairId"], name, users)

    def _old_volumes(self) -> Iterator[Leftover]:
        """Volumes that no instance has and that the tags of a build's volumes name."""
        only = [{"Name": "status", "Values": ["available"]}, {"Name": "tag:BuiltBy", "Values": ["Packer"]}]
        for found in self._account.pages("ec2", "describe_volumes", "Volumes", Filters=only):
            tags = tags_of(found)
            if tags.get("Name", "").startswith("packer-build-") and found["CreateTime"] < self._before:
                yield self._leftover("volume", found["VolumeId"], tags["Name"], found["CreateTime"])

    def _old_templates(self, taken: Sequence[Instance], others: Sequence[Instance]) -> list[Leftover]:
        """Those that no instance comes of but one that is taken."""
        users: dict[str, list[str]] = {}
        for each in taken:
            users.setdefault(each.tags.get(TAG, ""), []).append(each.id)
        kept = {each.tags.get(TAG) for each in others}
        try:
            found = list(old_launch_templates(self._account, self._before, users))
        except AwsError as error:
            if not is_denied(error):
                raise
            self.unseen.append(f"launch templates ({self._account.region}): {error}")
            return []
        return [each for each in found if each.id not in kept]

    def _is_old(self, name: str) -> bool:
        time = made(name)
        return time is not None and time < self._before

    def _temporary(self, kind: str, id_: str, name: str, users: tuple[str, ...]) -> Leftover:
        return self._leftover(kind, id_, name, made(name) or self._before, users)

    def _leftover(self, kind: str, id_: str, name: str, since: datetime, users: tuple[str, ...] = ()) -> Leftover:
        return Leftover(region=self._account.region, kind=kind, id=id_, name=name, since=since, instances=users)

    def _doubt(self, instance: Instance, reason: str) -> None:
        self.doubts.append(Doubt(region=self._account.region, id=instance.id, reason=reason))

    def _instances(self) -> Iterator[dict[str, Any]]:
        alive = [{"Name": "instance-state-name", "Values": list(_ALIVE)}]
        for reservation in self._account.pages("ec2", "describe_instances", "Reservations", Filters=alive):
            yield from reservation.get("Instances", [])

    def _groups(self) -> Iterator[dict[str, Any]]:
        only = [{"Name": "description", "Values": [_DESCRIPTION]}]
        for found in self._account.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=only):
            if made(found["GroupName"]) is not None:
                yield found


def _instance(found: Mapping[str, Any]) -> Instance:
    return Instance(
        id=found["InstanceId"],
        key=found.get("KeyName") or "",
        groups=frozenset(group["GroupId"] for group in found.get("SecurityGroups", [])),
        profile=str((found.get("IamInstanceProfile") or {}).get("Arn", "")).rpartition("/")[2],
        tags=tags_of(found),
        since=found["LaunchTime"],
        is_ending=found["State"]["Name"] == "shutting-down",
    )
