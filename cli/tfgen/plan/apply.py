"""A saved plan is applied as what it was: unaltered, made from the files that stand there, and allowed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.console import note, one_line, out
from tfgen.plan.make import ORDINARY, PlanRequest, driver_for, made_from, run_options
from tfgen.sync.survey import find_changes
from tfgen_generators.errors import TerraformError, UsageError

if TYPE_CHECKING:
    from tfgen.plan.manifest import Manifest
    from tfgen.terraform.reports.plan import PlanSummary
    from tfgen.workspace import Workspace


def apply_saved(
    workspace: Workspace,
    file: Path,
    allowed: Collection[str] = (),
    request: PlanRequest = ORDINARY,
    *,
    actions: Collection[str] = (),
) -> PlanSummary:
    """Applies exactly the plan in `file`. Raises RefusedError when it is not what was planned and allowed.

    `allowed` are the images of which something may be destroyed, `actions` those whose actions may be invoked.
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
        return driver.apply(own, options, shown.actions)


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
) -> None:
    """Applies exactly `plan_file`, with progress by image on stderr and Terraform's own line on stdout."""
    from tfgen.plan.plan_file import is_plan

    if plan_file.exists() and not is_plan(plan_file):
        raise UsageError(f"{plan_file} is not a saved plan", fix="run: tfgen plan --out FILE, then: tfgen apply FILE")
    try:
        done = apply_saved(workspace, plan_file, allowed, request, actions=actions)
    except TerraformError as error:
        error.fix = error.fix or "changes applied so far are kept; to see the rest, run: tfgen plan"
        raise
    out(done.line)
