"""The sources of use asked a second time, right before something is done: what has not changed is not read again.

A launch template that has the same newest and default version, and an SSM parameter that has the same version, say
what they said at the first look. So a second look is a few pages, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tfgen.aws.usage.ask import SOURCES, RegionAsker, ask
from tfgen.aws.usage.model import Failure, Use

#: Where a use can begin from one moment to the next; the others come with one of these before an instance starts.
QUICK = (
    *("instances", "spot-requests", "launch-templates"),
    *("launch-configurations", "auto-scaling-groups", "ssm-parameters"),
)
_REST = tuple(name for name in SOURCES if name not in QUICK)
#: Listing -> the id of one of its items, and what changes with it.
_STAMPS: dict[str, Callable[[dict[str, Any]], tuple[str, object]]] = {
    "describe_launch_templates": lambda one: (
        str(one["LaunchTemplateId"]),
        (one.get("LatestVersionNumber"), one.get("DefaultVersionNumber")),
    ),
    "describe_parameters": lambda one: (str(one["Name"]), one.get("Version")),
}


class WatchingAsker(RegionAsker):
    """Asks as `RegionAsker` does, and remembers what the listings said; then `uses_of` asks for one AMI again."""

    _ami = ""
    _seen: dict[tuple[str, str], object]

    def pages(self, service: str, operation: str, key: str, **arguments: object) -> Iterator[dict[str, Any]]:
        if self._ami and operation == "describe_instances":
            only = {"Name": "image-id", "Values": [self._ami]}
            filters = arguments.get("Filters")
            arguments["Filters"] = [*(filters if isinstance(filters, list) else ()), only]
        found = super().pages(service, operation, key, **arguments)
        return self._changed(operation, found) if operation in _STAMPS else found

    def uses_of(self, ami: str) -> tuple[tuple[Use, ...], tuple[Failure, ...]]:
        """Who uses `ami` by what has begun or changed since the first look; which sources could not be asked."""
        self._ami = ami
        try:
            asked = ask(self, _REST)
        finally:
            self._ami = ""
        return tuple(use for use in asked.uses if use.ami == ami), asked.failures

    def _changed(self, operation: str, found: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        seen = self.__dict__.setdefault("_seen", {})
        for each in found:
            name, stamp = _STAMPS[operation](each)
            if not self._ami:
                seen[operation, name] = stamp
            elif seen.get((operation, name)) == stamp:
                continue
            yield each
