"""One build of CodeBuild: how far it is, why it failed, and its log in CloudWatch as it grows.

Source: CodeBuild's API reference (Build, BuildPhase, PhaseContext), CloudWatch Logs' (GetLogEvents).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.fetch_failures import fix_of
from tfgen.aws.session import Account

_GOING_ON = "IN_PROGRESS"
#: Of a phase's message, which may hold a whole script.
_LONGEST_MESSAGE = 300
#: Behind buildspec.yml's own words, CodeBuild writes how the phases ended.
_LAST_LINES = 100
#: How buildspec.yml begins what it has to say of a failure, and what CodeBuild writes after a command that failed.
_OWN_WORDS = "buildspec: "
_COMMAND_FAILED = re.compile(r"\[Container\] .*Command did not exit successfully")
#: Phases in which no line of the repository runs: what cannot be reached there is CodeBuild's own.
_ITS_OWN_PHASES = frozenset(
    {"SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "UPLOAD_ARTIFACTS", "FINALIZING"}
)
_UNREACHED = re.compile(r"i/o timeout|no such host|connection refused|Could not connect|timed out", re.IGNORECASE)
_NO_WAY_OUT = "the subnets of vpc_config need NAT, or the endpoints of docs/networks.md"
_NO_INTERFACE = (
    "look at vpc_config: its subnets, their free addresses, and the build role's rights on network interfaces"
)


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A build as it is now. `exported` are its exported variables; `failure` is the first phase's that did not work."""

    id: str
    status: str
    phase: str = ""
    failure: str = ""
    exported: dict[str, str] = {}
    log_group: str = ""
    log_stream: str = ""
    log_link: str = ""

    @property
    def has_ended(self) -> bool:
        return self.status != _GOING_ON


class BuildLog:
    """One build and its log, each line given once. Every call raises AwsError."""

    def __init__(self, account: Account, build: str | Build) -> None:
        self.build = Build(id=build, status=_GOING_ON) if isinstance(build, str) else build
        #: How many reads in a row have brought nothing since the build ended: the last lines come late.
        self.read_in_vain = 0
        self._account = account
        self._token = self._last_line = self._own_words = ""

    @property
    def failure(self) -> str:
        """Why it failed: in buildspec.yml's own words where the log ends with them, else in CodeBuild's."""
        return self.build.failure and (self._own_words or self.build.failure)

    def look(self) -> Build:
        """Asks how far the build is."""
        found = self._account.call("codebuild", "batch_get_builds", ids=[self.build.id]).get("builds", [])
        if found:
            self.build = build_of(found[0])
        return self.build

    def lines(self) -> Iterator[str]:
        """What has come since it was last asked; nothing when there is no log yet, or none in CloudWatch."""
        while self.build.log_group and self.build.log_stream:
            token = {"nextToken": self._token} if self._token else {}
            try:
                page = self._account.call(
                    "logs",
                    "get_log_events",
                    logGroupName=self.build.log_group,
                    logStreamName=self.build.log_stream,
                    startFromHead=True,
                    **token,
                )
            except AwsError as error:
                if error.code != "ResourceNotFoundException":  # it comes with the build's first line
                    raise
                return
            before, self._token = self._token, str(page.get("nextForwardToken") or self._token)
            for event in page.get("events", []):
                for line in str(event.get("message", "")).splitlines() or [""]:
                    self._heed(line)
                    yield line
            # A page may be empty although there is more: only a token that stays as it was says that this is the end.
            if self._token == before:
                return

    def read_end(self) -> bool:
        """Heeds the last lines alone, in one call; False when the log is not there any more."""
        if not self.build.log_group or not self.build.log_stream:
            return False
        where = {"logGroupName": self.build.log_group, "logStreamName": self.build.log_stream}
        try:
            page = self._account.call("logs", "get_log_events", **where, startFromHead=False, limit=_LAST_LINES)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return False
        lines = [line for event in page.get("events", []) for line in str(event.get("message", "")).splitlines()]
        for line in lines:
            self._heed(line)
        return bool(lines)

    def _heed(self, line: str) -> None:
        if _COMMAND_FAILED.match(line) and self._last_line.startswith(_OWN_WORDS):
            self._own_words = self._last_line.removeprefix(_OWN_WORDS).strip()
        self._last_line = line


def build_of(found: dict[str, Any]) -> Build:
    """A build of BatchGetBuilds' answer."""
    logs = found.get("logs") or {}
    exported = found.get("exportedEnvironmentVariables") or []
    return Build(
        id=str(found.get("id", "")),
        status=str(found.get("buildStatus", _GOING_ON)),
        phase=str(found.get("currentPhase", "")),
        failure=_failure(found),
        exported={str(each.get("name", "")): str(each.get("value", "")) for each in exported},
        log_group=str(logs.get("groupName") or ""),
        log_stream=str(logs.get("streamName") or ""),
        log_link=str(logs.get("deepLink") or ""),
    )


def _failure(found: dict[str, Any]) -> str:
    for phase in found.get("phases") or []:
        status = phase.get("phaseStatus")
        if status in (None, "SUCCEEDED", _GOING_ON):
            continue
        said = [
            _said(str(each.get("statusCode") or ""), str(each.get("message") or ""))
            for each in phase.get("contexts") or []
        ]
        words = "; ".join(text for text in said if text)
        in_vpc = bool((found.get("vpcConfig") or {}).get("vpcId"))
        hint = _hint(str(phase.get("phaseType", "")), words) if in_vpc else ""
        return f"phase {phase.get('phaseType', '')} {_worded(status)}{f': {words}' if words else ''}{hint}"
    status = str(found.get("buildStatus", _GOING_ON))
    return "" if status in ("SUCCEEDED", _GOING_ON) else f"the build {_worded(status)}"


def _said(status_code: str, message: str) -> str:
    words = ": ".join(part for part in (status_code, _shortened(message)) if part)
    return "; ".join(part for part in (words, fix_of(status_code, message)) if part)


def _hint(phase: str, words: str) -> str:
    """What to do where it is the VPC of the build machine, which no line of buildspec.yml can say."""
    if "VPC_CLIENT_ERROR" in words or "Unexpected EC2 error" in words:
        return f"; {_NO_INTERFACE}"
    return f"; {_NO_WAY_OUT}" if phase in _ITS_OWN_PHASES and _UNREACHED.search(words) else ""


def _worded(status: object) -> str:
    words = {"TIMED_OUT": "timed out", "STOPPED": "was stopped", "FAULT": "had an internal error of CodeBuild"}
    return words.get(str(status), "failed")


def _shortened(message: str) -> str:
    """One line of it; of a long one the beginning and the end, which says how the command ended."""
    text = " ".join(message.split())
    if len(text) <= _LONGEST_MESSAGE:
        return text
    half = _LONGEST_MESSAGE // 2
    return f"{text[:half]} ... {text[-half:]}"
