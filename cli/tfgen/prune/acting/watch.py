"""The sources of use asked a second time, right before something is done: what has not changed is not read again.

A launch template that has the same newest and default version, an SSM parameter that has the same version of the same
time, and a stack that was not updated say what they said at the first look; a recipe never changes. So a second look is
a few pages, and one call for each node group and Beanstalk configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tfgen.aws.usage.ask import RegionAsker, ask
from tfgen.aws.usage.model import Failure, Use, ami_ids

if TYPE_CHECKING:
    from tfgen.aws.session import Account

#: Listing -> the id of one of its items, and what changes with it. A parameter that is made anew begins at version 1.
_STAMPS: dict[str, Callable[[dict[str, Any]], tuple[str, object]]] = {
    "describe_launch_templates": lambda one: (
        str(one["LaunchTemplateId"]),
        (one.get("LatestVersionNumber"), one.get("DefaultVersionNumber")),
    ),
    "describe_parameters": lambda one: (str(one["Name"]), (one.get("Version"), one.get("LastModifiedDate"))),
    "describe_stacks": lambda one: (
        str(one.get("StackId") or one["StackName"]),
        (one.get("StackStatus"), one.get("LastUpdatedTime")),
    ),
    "list_container_recipes": lambda one: (str(one["arn"]), None),
}
_HISTORY = "get_parameter_history"


class WatchingAsker(RegionAsker):
    """Asks as `RegionAsker` does, and remembers what the listings said; then `uses_of` asks for one AMI again."""

    #: Sources that are never asked, by the settings.
    skipped: tuple[str, ...] = ()
    _ami = ""

    def __init__(self, account: Account, previous: int) -> None:
        super().__init__(account, previous)
        self._seen: dict[tuple[str, str], object] = {}
        #: Parameter and AMI that one of its versions has: a label makes an old one a use, and no new version.
        self._had: set[tuple[str, str]] = set()

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]:
        if self._ami and operation == "describe_instances":
            only = {"Name": "image-id", "Values": [self._ami]}
            filters = arguments.get("Filters")
            arguments["Filters"] = [*(filters if isinstance(filters, list) else ()), only]
        found = super().pages(service, operation, key, **arguments)
        if operation == _HISTORY:
            return self._remembered(str(arguments["Name"]), found)
        return self._changed(operation, found) if operation in _STAMPS else found

    def uses_of(self, ami: str) -> tuple[tuple[Use, ...], tuple[Failure, ...]]:
        """Who uses `ami` by what has begun or changed since the first look; which sources could not be asked."""
        self._ami = ami
        try:
            asked = ask(self, self.skipped)
        finally:
            self._ami = ""
        return tuple(use for use in asked.uses if use.ami == ami), asked.failures

    def _changed(self, operation: str, found: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for each in found:
            name, stamp = _STAMPS[operation](each)
            if not self._ami:
                self._seen[operation, name] = stamp
            elif self._seen.get((operation, name), self) == stamp and (name, self._ami) not in self._had:
                continue
            yield each

    def _remembered(self, name: str, versions: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for each in versions:
            self._had.update((name, ami) for ami in ami_ids(str(each.get("Value") or "")))
            yield each
