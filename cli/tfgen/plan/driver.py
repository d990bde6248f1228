"""Drives one root module: init when needed, plan into a file, apply exactly that file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tfgen.plan.plan_file import require_whole
from tfgen.plan.run_checks import has_said_all, is_lock_free_again
from tfgen.state import errored
from tfgen.state.local_state import state_arguments
from tfgen.terraform import init
from tfgen.terraform.argv import DEFAULTS, RunOptions, apply_argv, init_argv, plan_argv
from tfgen.terraform.binary import find_terraform
from tfgen.terraform.environment import run_environment
from tfgen.terraform.inputs import plan_arguments, values_of
from tfgen.terraform.interruption import again, failed_actions
from tfgen.terraform.reports.images import root_modules
from tfgen.terraform.reports.plan import PlanSummary
from tfgen.terraform.reports.record import Record
from tfgen.terraform.version import early_variables, require_removed_blocks, require_supported
from tfgen.terraform.watched import Run, Watcher, last_words, run_watched, tell
from tfgen.workspace import Workspace, locked
from tfgen_generators.errors import BusyError, TfgenError

if TYPE_CHECKING:
    from tfgen.terraform.processes.process import Finished
    from tfgen.terraform.reports.actions import Invocation
    from tfgen.terraform.reports.show import ShownPlan
    from tfgen.terraform.secrets.redaction import Redaction

#: How long one init waits for another of the same workspace, in seconds.
_INIT_TIMEOUT = 600.0
#: How often a lock may be let go in the moment in which Terraform asks whose it is.
_LOCK_TRIES = 3


class Driver:
    """Terraform for one workspace. Every method raises TfgenError, in Terraform's words where it spoke."""

    def __init__(
        self,
        workspace: Workspace,
        watcher: Watcher,
        *,
        terraform: str | None = None,
        env: Mapping[str, str] | None = None,
        state_at: Callable[[str], Path] | None = None,
    ) -> None:
        self.workspace, self.watcher, self._state_at = workspace, watcher, state_at
        self._actions: tuple[Invocation, ...] = ()
        self.folder = workspace.terraform_dir
        if not self.folder.is_dir():
            raise TfgenError(
                "folder not found", where=workspace.settings.terraform_dir, fix="set terraform_dir in tfgen.toml"
            )
        self.env = run_environment(os.environ if env is None else env)
        found = find_terraform(terraform, self.env)
        self.cache = workspace.make_state_dir("cache")
        self.binary, self.version = require_supported(found, self.cache, folder=self.folder, env=self.env)
        self._early = partial(early_variables, self.binary, self.version)
        self._identity = f"{self.binary.product} {self.version}"
        watcher.product = self.binary.product
        require_removed_blocks(self.binary, self.version, self.folder, workspace.settings.terraform_dir)
        self._init_mark = (workspace.scratch or self.cache) / "init"

    def workspace_name(self) -> str:
        """Terraform's own workspace in use."""
        return init.workspace_name(self.folder, self.env)

    @property
    def data_dir(self) -> Path:
        """Where Terraform keeps what init makes."""
        return init.data_dir(self.folder, self.env)

    def plan(self, out: Path, options: RunOptions = DEFAULTS) -> PlanSummary:
        """Plans into `out`, which its caller keeps private until the plan is good. Runs init before if need be."""
        self.watcher.text(errored.warning(self.workspace))
        done = self._plan_reduced(out, options) if options.targets else None
        if done is None:
            done = self._plan_whole(out, options)
        self._require_good(done, 0, 2)
        require_whole(out, self.binary.title)
        summary = done.record.summarizer.result(
            changed=done.finished.code == 2, targets=options.targets, refresh_only=options.refresh_only
        )
        return self._completed(summary, done, out, options)

    def apply(self, plan: Path, options: RunOptions = DEFAULTS, actions: Sequence[Invocation] = ()) -> PlanSummary:
        """Applies the saved `plan`, which invokes `actions`; what it summarizes is what was done."""
        errored.require_none(self.workspace)
        self._actions = tuple(actions)
        done = self._with_init("apply", apply_argv(self.binary, str(plan.absolute()), options), options)
        self._require_good(done, 0)
        for text in failed_actions(done.record):  # those that were to go on
            self.watcher.text(text)
        return done.record.summarizer.result(changed=True)

    def _plan_whole(self, out: Path, options: RunOptions) -> Run:
        argv = plan_argv(self.binary, options, out=str(out.absolute()))
        if self._state_at is None:
            return self._with_init("plan", argv, options)
        from tfgen.plan.reduced_root import without_ours

        self._init_if_needed(options)
        done = self._run("plan", [*argv, *self._state_arguments(options)], options, told=False)
        done.record.diagnostics = without_ours(done.record.diagnostics)
        tell(self.watcher, done, self._redaction(options))
        return done

    def _state_arguments(self, options: RunOptions) -> tuple[str, ...]:
        """The state of a copy lies where the original has it; a person's own `-state` is the last word."""
        if any(values_of("state", plan_arguments(options.extra, self.env))):
            return ()
        return state_arguments(self.folder, self.env, self._state_at) or ()

    def _plan_reduced(self, out: Path, options: RunOptions) -> Run | None:
        """Plans the targets without the files of other images; None where only the whole folder can tell."""
        from tfgen.plan.reduced_root import reduced_root, without_ours

        self._init_if_needed(options)
        with reduced_root(self.workspace, options, self.env, self._state_at) as reduced:
            if reduced is None:
                return None
            argv = [*plan_argv(self.binary, options, out=str(out.absolute())), *reduced.arguments]
            done = self._run("plan", argv, options, env=reduced.env, folder=reduced.folder, told=False)
        if done.finished.code == 1 and not done.finished.interrupted:
            # Who needs to know what is wrong hears it of the whole folder; a held lock has been waited for.
            waited = any("state lock" in error.summary for error in done.record.errors())
            return self._plan_whole(out, replace(options, lock_timeout="") if waited else options)
        done.record.diagnostics = without_ours(done.record.diagnostics)
        tell(self.watcher, done, self._redaction(options))
        return done

    def planned(self, plan: Path, options: RunOptions = DEFAULTS) -> ShownPlan:
        """What the saved `plan` itself says that it does. Raises RefusedError when it does not say all."""
        from tfgen.plan.shown import failed_show, require_readable

        fresh = self._init_if_needed(options)
        shown, finished = self._show(plan, "apply", options)
        if finished and finished.code and not fresh and init.NEEDS_INIT.search(finished.stderr):
            self._init(options, forced=True)
            shown, finished = self._show(plan, "apply", options)
        if finished and finished.code:
            run = failed_show(finished, self.folder, self.workspace.make_state_dir("log"))
            raise self._explained(run, ended_well=False)
        require_readable(shown)
        return shown

    def _show(self, plan: Path, command: str, options: RunOptions) -> tuple[ShownPlan, Finished | None]:
        from tfgen.plan.shown import show_plan

        return show_plan(
            self.binary,
            plan,
            folder=self.folder,
            env=self.env,
            watcher=self.watcher,
            command=command,
            variables=self._early(options.extra),
        )

    def _completed(self, summary: PlanSummary, done: Run, plan: Path, options: RunOptions) -> PlanSummary:
        """With what the events did not say, where the plan may say more; as it is when Terraform cannot show it."""
        from tfgen.plan.shown import completed, may_say_more

        if not may_say_more(done.record.summarizer, self.binary, self.version, plan_arguments(options.extra, self.env)):
            return summary
        shown, finished = self._show(plan, "plan", options)
        if finished and finished.code:
            self.watcher.text(
                f"{self.binary.product} show failed: the plan is valid, but the reasons for replacements are not known"
            )
            return summary
        return completed(summary, shown, done.record.summarizer, root_modules(self.folder).shared)

    def _with_init(self, command: str, argv: Sequence[str], options: RunOptions) -> Run:
        """Runs it, after init if need be; once more when Terraform says that init is needed, and has done nothing."""
        fresh = self._init_if_needed(options)
        done = self._run(command, argv, options)
        asked = any(init.NEEDS_INIT.search(error.summary) for error in done.record.errors())
        if fresh or not asked or done.finished.code != 1 or done.finished.interrupted or done.record.began:
            return done
        self._init(options, forced=True)
        return self._run(command, argv, options)

    def _init_if_needed(self, options: RunOptions) -> bool:
        """Whether init has run now."""
        return not self._is_init_done() and self._init(options, forced=False)

    def _is_init_done(self) -> bool:
        wanted = init.fingerprint(self.folder, self._identity, self.env)
        return init.is_done(self.folder, self._init_mark, wanted, self.env)

    def _init(self, options: RunOptions, *, forced: bool) -> bool:
        from tfgen.terraform.lock_file import of_opentofu
        from tfgen.terraform.plugin_cache import plugin_cache

        with self._init_lock():
            if not forced and self._is_init_done():  # the one that we have waited for has done it
                return False
            self._init_mark.unlink(missing_ok=True)
            self.watcher.text(of_opentofu(self.folder, self.binary.product))
            waiting = partial(self.watcher.text, f"waiting for another {self.binary.product} init")
            with plugin_cache(self.env, waiting) as env:
                done = self._run("init", init_argv(self.binary, self._early(options.extra)), env=env)
            self._require_good(done, 0)
            init.keep_done(self.folder, self._init_mark, self._identity, self.env)
        return True

    @contextlib.contextmanager
    def _init_lock(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self.workspace, "init", timeout=0))
            except BusyError:
                self.watcher.text("waiting for another tfgen that runs init")
                stack.enter_context(locked(self.workspace, "init", timeout=_INIT_TIMEOUT))
            yield

    def _run(
        self,
        command: str,
        argv: Sequence[str],
        options: RunOptions = DEFAULTS,
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        told: bool = True,
    ) -> Run:
        modules = root_modules(self.folder)
        self.watcher.modules(modules, options.targets)
        for _ in range(_LOCK_TRIES):
            done = run_watched(
                command,
                argv,
                folder=folder or self.folder,
                env=self.env if env is None else env,
                logs=self.workspace.make_state_dir("log"),
                watcher=self.watcher,
                record=Record(modules, targeted=bool(options.targets), actions=self._actions),
            )
            if not is_lock_free_again(done):
                break
        if told:
            tell(self.watcher, done, self._redaction(options))
        return done

    def _redaction(self, options: RunOptions = DEFAULTS) -> Redaction:
        from tfgen.terraform.secrets.redaction import Redaction

        return Redaction(self.folder, self.env, options.extra)

    def _require_good(self, done: Run, *good: int) -> None:
        """Raises what explains `done`, unless it ended with one of `good` and said what such a run says."""
        fine = done.finished.code in good and not done.finished.interrupted and done.record.too_much is None
        if not fine or not has_said_all(done):
            raise self._explained(done, ended_well=done.finished.code in good)

    def _explained(self, done: Run, *, ended_well: bool) -> TfgenError:
        from tfgen.terraform.failures import Failure, explain, explain_silence
        from tfgen.terraform.interruption import after_stop

        finished, record = done.finished, done.record
        unsaved = self._unsaved(done) if done.command == "apply" and not ended_well else ""
        if finished.interrupted:
            killed = finished.killed or finished.code < 0
            stopped = partial(after_stop, done.command, record, complete=ended_well, killed=killed)
            return stopped(unsaved=unsaved, title=self.binary.title)
        if record.too_much is not None:
            return record.too_much
        log = os.path.relpath(done.log)
        failure = Failure(
            product=self.binary.product,
            command=done.command,
            finished=finished,
            record=record,
            env=self.env,
            log=log,
            folder=os.path.relpath(self.folder),
        )
        if ended_well and not record.errors():
            return explain_silence(failure)
        if not (record.errors() or failure.is_crash):
            self.watcher.text(last_words(done, self._redaction()))
        error = explain(failure)
        error.fix = "; ".join(filter(None, (unsaved, *again(record), error.fix)))
        return error

    def _unsaved(self, done: Run) -> str:
        """Keeps a state that Terraform could not save, and says where it is."""
        if done.record.unsaved_state:
            return errored.keep_dump(self.workspace, done.record.unsaved_state)
        return errored.keep(self.workspace)
