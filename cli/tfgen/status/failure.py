"""Why a pipeline's last execution failed, in one line, as `tfgen build` says it."""

from __future__ import annotations

from tfgen.aws.pipelines.build_log import Build, BuildLog
from tfgen.aws.pipelines.reason import FailedAction, failure_text
from tfgen.aws.pipelines.runs import BuildFacts, RunFacts
from tfgen.aws.session import Account

_ENDINGS = {"Stopped": "it was stopped", "Cancelled": "its pipeline was changed during the execution (Cancelled)"}
_NO_LOG = "its log is not there any more (retention)"


def words_of(account: Account, build: BuildFacts) -> str:
    """Why a build failed: what its log ends with, else CodeBuild's own words. Raises AwsError."""
    known = Build(
        id=build.id,
        status=build.status,
        failure=build.failure,
        log_group=build.log_group,
        log_stream=build.log_stream,
    )
    log = BuildLog(account, known)
    return log.failure if log.read_end() else f"{build.failure}; {_NO_LOG}"


def reason_of(run: RunFacts, action: FailedAction | None, words: str) -> str:
    """The reason; `words` are its build's, "" without a build."""
    if run.status in _ENDINGS:
        return ": ".join(text for text in (_ENDINGS[run.status], run.summary) if text)
    if action is None:
        return run.summary or "it failed, and its pipeline does not say why any more"
    return failure_text(action.label, words or action.message or run.summary)
