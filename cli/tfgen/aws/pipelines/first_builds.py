"""CodePipeline starts a pipeline the moment it is made: of many made at once, all but the first few are stopped again.

Terraform has no switch for it. An execution is stopped while it reads its source, before it takes a place in
CodeBuild's queue; nothing of it is left that would have to be undone, as it would of a closed transition.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen_generators.errors import TfgenError

#: Every so many seconds, and for so many, an execution is looked for that CodePipeline has not begun yet.
_PAUSE, _PATIENCE = 1.0, 20.0
#: Seconds for which the end of an apply waits for all this.
_AT_THE_END = 60.0
#: Seconds by which the clocks may differ.
_SKEW = 120.0
_REASON = "tfgen apply: max_in_flight"
#: Of one in another region or account than the shell's, or of one that is not to be seen yet.
_ELSEWHERE = "PipelineNotFoundException"
#: It has ended, or is being stopped already.
_OVER = ("PipelineExecutionNotStoppableException", "DuplicatedStopRequestException")


class FirstBuilds:
    """The first executions of pipelines that are being made: `most` of them go on. One thread stops the others."""

    def __init__(
        self, open_account: Callable[[], Account], most: int, pause: float = _PAUSE, patience: float = _PATIENCE
    ) -> None:
        self.most, self._open_account, self._pause, self._patience = most, open_account, pause, patience
        self.made: list[str] = []
        self.stopped: list[str] = []
        #: Why no more are stopped.
        self.problem = ""
        self._missing: dict[str, str] = {}
        self._began = time.time() - _SKEW
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def created(self, pipeline: str) -> None:
        """To be called for each pipeline once it is there; returns at once."""
        self.made.append(pipeline)
        if len(self.made) <= self.most:
            return
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="first-builds", daemon=True)
            self._worker.start()
        self._waiting.put(pipeline)

    def finish(self) -> None:
        """Until all that were to be stopped have been looked at."""
        if self._worker is not None:
            self._waiting.put("")
            self._worker.join(_AT_THE_END)

    def _work(self) -> None:
        """Looks for each pipeline's execution until there is one, or for so long as is worth it."""
        pending: dict[str, float] = {}
        is_last = False
        try:
            account = self._open_account()
            while pending or not is_last:
                try:
                    pipeline = self._waiting.get(timeout=self._pause if pending else None)
                except queue.Empty:
                    pass
                else:
                    is_last |= not pipeline
                    pending |= {pipeline: time.monotonic() + self._patience} if pipeline else {}
                for name, until in list(pending.items()):
                    if self._stop(account, name) or time.monotonic() > until:
                        del pending[name]
        except TfgenError as error:
            self.problem = error.message
        self.problem = self.problem or next(iter(self._missing.values()), "")

    def _stop(self, account: Account, pipeline: str) -> bool:
        """Stops the execution that began by itself; False when there is none yet."""
        asked = {"pipelineName": pipeline, "maxResults": 10}
        try:
            found = account.call("codepipeline", "list_pipeline_executions", **asked)
        except AwsError as error:
            if error.code != _ELSEWHERE:
                raise
            self._missing[pipeline] = error.message
            return False
        self._missing.pop(pipeline, "")
        own = [each for each in found.get("pipelineExecutionSummaries", []) if self._is_own(each)]
        for each in own:
            self._stop_one(account, pipeline, each)
        return bool(own)

    def _is_own(self, execution: dict[str, Any]) -> bool:
        """Not one that a person or a push has started, nor one of a pipeline of that name somewhere else."""
        began = execution.get("startTime")
        is_new = isinstance(began, datetime) and began.timestamp() >= self._began
        return is_new and (execution.get("trigger") or {}).get("triggerType") == "CreatePipeline"

    def _stop_one(self, account: Account, pipeline: str, execution: dict[str, Any]) -> None:
        if execution.get("status") != "InProgress":
            return
        asked = {"pipelineName": pipeline, "pipelineExecutionId": execution["pipelineExecutionId"], "abandon": True}
        try:
            account.call("codepipeline", "stop_pipeline_execution", **asked, reason=_REASON)
        except AwsError as error:
            if error.code not in _OVER:
                raise
            return
        self.stopped.append(pipeline)
