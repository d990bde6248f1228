"""Builds of the dispatcher's own CodeBuild project: those that wait for what this one has done already are stopped.

Each event starts a build, and a build that waits takes a place in the queue that an image's build needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfgen.aws.failures import AwsError, is_denied
from tfgen.aws.session import Account

#: The variable by which a build says that it was not started by a person who wants failed images built again.
RETRY = "TFGEN_DISPATCH_RETRY"
_WAITS = ("SUBMITTED", "QUEUED")
_MOST = 100


class OwnBuilds:
    """The builds of `project`, of which this is `build` (its id)."""

    def __init__(self, account: Account, project: str, build: str) -> None:
        self.account, self.project, self.build = account, project, build

    def is_running(self, build: str) -> bool:
        """Whether another dispatcher is still at work; True also where that cannot be known. Raises AwsError."""
        try:
            found = self._builds([build])
        except AwsError as error:
            if not is_denied(error):
                raise
            return True
        return any(each.get("buildStatus") == "IN_PROGRESS" for each in found)

    def stop_covered(self) -> list[str]:
        """Stops builds that were asked for before this one cloned the repository; gives their ids. Raises AwsError.

        Their push is in the clone, and what their execution built has been looked at since.
        """
        answer = self.account.call(
            "codebuild", "list_builds_for_project", projectName=self.project, sortOrder="DESCENDING"
        )
        ids = [str(each) for each in answer.get("ids", [])][:_MOST]
        found = {str(each.get("id", "")): each for each in self._builds(ids)} if ids else {}
        cloned = _cloned_at(found.pop(self.build, {}))
        stopped = [id_ for id_, build in found.items() if cloned is not None and _is_covered(build, cloned)]
        for id_ in stopped:
            self.account.call("codebuild", "stop_build", id=id_)
        return stopped

    def _builds(self, ids: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.account.call("codebuild", "batch_get_builds", ids=ids).get("builds", [])
        return found


def _cloned_at(build: Mapping[str, Any]) -> Any:
    phases = [each for each in build.get("phases", []) if each.get("phaseType") == "DOWNLOAD_SOURCE"]
    return phases[0].get("startTime") if phases else None


def _is_covered(build: Mapping[str, Any], cloned: Any) -> bool:
    waits = build.get("buildStatus") == "IN_PROGRESS" and build.get("currentPhase") in _WAITS
    given = {
        each.get("name"): each.get("value") for each in build.get("environment", {}).get("environmentVariables", [])
    }
    return waits and given.get(RETRY) == "false" and build["startTime"] < cloned
