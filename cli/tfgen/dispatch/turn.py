"""One run of `tfgen dispatch`, from looking at the images to its end; of those that do not wait, one at a time."""

from __future__ import annotations

from collections.abc import Callable

from tfgen.aws.failures import AwsError
from tfgen.aws.pipelines.dispatch_lease import Lease
from tfgen.aws.pipelines.own_builds import OwnBuilds
from tfgen.dispatch.assess import Assessor
from tfgen.dispatch.model import Outcome
from tfgen.dispatch.plan import Plan, make_plan
from tfgen.dispatch.run import Dispatch

Tell = Callable[[str, str], None]


class Turn:
    """A dispatch that does not wait shares its work with others for the same commit: one works, and looks again.

    `say` gets lines of talk, `tell` an image and what becomes of it.
    """

    def __init__(
        self,
        assessor: Assessor,
        say: Callable[[str], None],
        tell: Tell,
        pause: Callable[[], float],
        builds: OwnBuilds | None = None,
    ) -> None:
        self.assessor, self.job, self._say, self._tell, self._pause = assessor, assessor.job, say, tell, pause
        self._builds, self._lease = builds, None if self.job.wait else _lease(assessor, builds)
        self._dispatch: Dispatch | None = None
        self._outcomes: dict[str, Outcome] = {}

    @property
    def outcomes(self) -> list[Outcome]:
        """What is known so far, also when it is interrupted; parents before children."""
        found = {**self._outcomes, **(self._dispatch.outcomes if self._dispatch else {})}
        return [found[name] for name in self.job.order if name in found]

    @property
    def going(self) -> dict[str, str]:
        """Images whose executions are followed, and those."""
        return self._dispatch.going if self._dispatch else {}

    def begin(self) -> bool:
        """Plans; False when another dispatcher does the work. Raises AwsError, BusyError."""
        if self._lease is not None and not self._lease.take(force=self.job.retry):
            self._say(f"another dispatcher is at work on {self.job.commit[:12]}; it looks again before it ends")
            return False
        self._plan()
        return True

    def run(self) -> None:
        """What was planned, and what has come since. Raises AwsError, BusyError."""
        while self._dispatch is not None:
            self._dispatch.run()
            self._outcomes.update(self._dispatch.outcomes)
            if self._lease is None or self._lease.give_back():
                break
            self._plan()
        self._stop_covered()

    def _plan(self) -> Plan:
        plan = make_plan(self.assessor)
        self._dispatch = Dispatch(self.assessor, plan, self._tell, self._pause)
        self._say(f"{len(plan.reasons)} of {len(self.job.pipelines)} images to build for {self.job.commit[:12]}")
        return plan

    def _stop_covered(self) -> None:
        if self._builds is None:
            return
        try:
            stopped = self._builds.stop_covered()
        except AwsError as error:  # they find nothing to do
            self._say(f"waiting dispatchers were not stopped: {error.message}")
            return
        if stopped:
            self._say(f"stopped {len(stopped)} waiting builds of {self._builds.project}: their work is done")


def _lease(assessor: Assessor, builds: OwnBuilds | None) -> Lease:
    is_alive = builds.is_running if builds else lambda _: True
    build = builds.build if builds else ""
    return Lease(assessor.table, assessor.job.commit, build=build, is_alive=is_alive)
