"""A saved plan is applied as what it was: unaltered, made from the files that stand there, and allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tfgen.console import note, one_line, out
from tfgen.plan.make import ORDINARY, PlanRequest, driver_for, made_from, run_options
from tfgen.sync.survey import find_changes
from tfgen_generators.errors import TerraformError, UsageError

if TYPE_CHECKING:
    from tfgen.aws.pipelines.first_builds import FirstBuilds
    from tfgen.plan.driver import Driver
    from tfgen.plan.manifest import Manifest
    from tfgen.terraform.reports.events import Event
    from tfgen.terraform.reports.plan import PlanSummary, ResourceChange
    from tfgen.terraform.watched import Watcher
    from tfgen.workspace import Workspace

_PIPELINE = re.compile(r"(?:^|\.)aws_codepipeline\.[\w-]+(?:\[.*\])?$")
#: How many names of pipelines a message has.
_SHOWN = 5


def apply_saved(
    workspace: Workspace,
    file: Path,
    allowed: Collection[str] = (),
    request: PlanRequest = ORDINARY,
    *,
    actions: Collection[str] = (),
    in_aws: bool = True,
) -> PlanSummary:
    """Applies exactly the plan in `file`. Raises RefusedError when it is not what was planned and allowed.

    `allowed` are the images of which something may be destroyed, `actions` those whose actions may be invoked;
    `in_aws`: what is made is in the user's own AWS.
    """
    from functools import partial

    from tfgen.plan.compared.behind import find_behind
    from tfgen.plan.gate import renamed_images, require_allowed, require_plan_allowed
    from tfgen.plan.manifest import (
        Terraform,
        read_manifest,
        require_planned,
        require_same_inputs,
        require_same_terraform,
    )
    from tfgen.plan.plan_file import copied, private_plan
    from tfgen.plan.shown import remarks
    from tfgen.terraform.reports.images import root_modules

    manifest = read_manifest(file)
    # What is looked at is what Terraform gets, whatever becomes of the file meanwhile.
    with private_plan(workspace.make_state_dir()) as own:
        require_planned(file, copied(file, own), manifest)
        if not manifest.plan:
            return manifest.summary
        driver, options = driver_for(workspace, request.terraform), run_options(request)
        # Before its files: another product's init writes another lock file.
        now = Terraform(product=driver.binary.product, version=driver.version)
        require_same_terraform(file, manifest, now, driver.workspace_name())
        # Var files are named to plan alone, so what the manifest names is looked at, too.
        inputs = made_from(workspace, driver, _sources(workspace), others=manifest.inputs)
        require_same_inputs(file, manifest, inputs)
        renamed = renamed_images(workspace.settings)
        look = partial(find_behind, workspace)
        # What is refused anyway needs no Terraform.
        require_allowed(manifest.summary, allowed, renamed, look, actions=actions)
        # The manifest says which plan this is; what that does, only it can say.
        shown, shared = driver.planned(own, options), root_modules(driver.folder).shared
        require_plan_allowed(shown.changes, shared, allowed, renamed, invoked=shown.actions, actions=actions)
        _tell_whose(workspace, manifest)
        for remark in remarks(shown, limited=bool(manifest.summary.targets)):
            note(one_line(remark), style="yellow")
        with _first_builds_limited(workspace, driver, shown.changes if in_aws else ()):
            return driver.apply(own, options, shown.actions)


@contextmanager
def _first_builds_limited(workspace: Workspace, driver: Driver, changes: Iterable[ResourceChange]) -> Iterator[None]:
    """While Terraform makes more pipelines than may build at once, all but the first few are stopped; it is said."""
    most = workspace.settings.max_in_flight
    made = sum(each.action in ("create", "replace") and _is_pipeline(each.address) for each in changes)
    if not most or made <= most:
        yield
        return
    from functools import partial

    from tfgen.aws.pipelines.first_builds import FirstBuilds
    from tfgen.aws.session import open_account

    builds = FirstBuilds(partial(open_account, None), most)
    driver.watcher = cast("Watcher", _Listening(driver.watcher, builds))
    try:
        yield
    finally:
        builds.finish()
        _tell_first_builds(workspace, builds)


class _Listening:
    """A watcher, and who else hears of pipelines that have been made."""

    def __init__(self, watcher: Watcher, builds: FirstBuilds) -> None:
        self._watcher, self._builds = watcher, builds

    def __getattr__(self, name: str) -> object:
        return getattr(self._watcher, name)

    def event(self, event: Event) -> None:
        self._watcher.event(event)
        hook = event.hook
        if hook and event.type == "apply_complete" and hook.verb == "create" and _is_pipeline(hook.address):
            self._builds.created(hook.id_value)


def _is_pipeline(address: str) -> bool:
    return _PIPELINE.search(address) is not None


def _tell_first_builds(workspace: Workspace, builds: FirstBuilds) -> None:
    most = builds.most
    if builds.problem:
        which = (
            "some new pipelines build at once with the others" if builds.stopped else "new pipelines all build at once"
        )
        text = f"{which}, and not {most} at a time (max_in_flight): {builds.problem}"
        note(one_line(text), style="yellow")
    if builds.stopped:
        count, names = len(builds.stopped), ", ".join(sorted(builds.stopped)[:_SHOWN])
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        building = len(builds.made) - count
        note(
            one_line(
                f"{building} of {len(builds.made)} new pipelines build now (max_in_flight); stopped: {names}{more}"
            )
        )
        by_itself = (
            "the dispatcher starts them when others have ended; " if workspace.settings.trigger != "push" else ""
        )
        note(f"{by_itself}to start one: tfgen build NAME")


def _sources(workspace: Workspace) -> Collection[str]:
    """The files that sync reads; whether it would have work to do matters to a plan alone."""
    from tfgen.sync.fast_check import recall_sources
    from tfgen.sync.last_clean import sources_of

    return recall_sources(str(workspace.root)) or sources_of(find_changes(workspace))


def _tell_whose(workspace: Workspace, manifest: Manifest) -> None:
    """Whose plan this is; a commit that is another than now is worth a line, not a refusal: files are compared."""
    from tfgen.git.repository import head_commit

    commit = f", of commit {manifest.commit[:12]}" if manifest.commit else ""
    dirty = ", with uncommitted changes" if manifest.dirty else ""
    note(f"applying the plan that {manifest.who} made at {manifest.when}{commit}{dirty}")
    now = head_commit(workspace.root)
    if manifest.commit and now and now != manifest.commit:
        note(f"this is commit {now[:12]}, with the same files as the plan")


def apply_plan(
    workspace: Workspace,
    plan_file: Path,
    allowed: tuple[str, ...] = (),
    request: PlanRequest = ORDINARY,
    *,
    actions: tuple[str, ...] = (),
    in_aws: bool = True,
) -> None:
    """Applies exactly `plan_file`, with progress by image on stderr and Terraform's own line on stdout."""
    from tfgen.plan.plan_file import is_plan

    if plan_file.exists() and not is_plan(plan_file):
        raise UsageError(f"{plan_file} is not a saved plan", fix="run: tfgen plan --out FILE, then: tfgen apply FILE")
    try:
        done = apply_saved(workspace, plan_file, allowed, request, actions=actions, in_aws=in_aws)
    except TerraformError as error:
        error.fix = error.fix or "changes applied so far are kept; to see the rest, run: tfgen plan"
        raise
    out(done.line)
