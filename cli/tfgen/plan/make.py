"""A plan that can be trusted: made from what was synced, kept with its manifest (applying.py: applied as what it was).

`make_plan` is what the commands `plan` and `apply` do; the demo does the same.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tfgen.console import note
from tfgen.phrases import some
from tfgen_generators.errors import RefusedError, TemplateError, TfgenError

if TYPE_CHECKING:
    from tfgen.plan.driver import Driver
    from tfgen.plan.manifest import Manifest
    from tfgen.plan.provenance import Provenance
    from tfgen.terraform.argv import RunOptions
    from tfgen.terraform.reports.plan import PlanSummary
    from tfgen.terraform.watched import Watcher
    from tfgen.untrusted.place import Place as Untrusted
    from tfgen.workspace import Workspace


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks of a plan.

    `changed`: only the images that differ from the merge base with `base` (None: the default branch). `untrusted`:
    the branch is somebody else's; `allowed_modules` are prefixes of module sources that are all right all the same.
    """

    terraform: str | None = None
    lock_timeout: str = ""
    extra: tuple[str, ...] = ()
    changed: bool = False
    untrusted: bool = False
    base: str | None = None
    allowed_modules: tuple[str, ...] = ()


ORDINARY = PlanRequest()


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the plan is made: `workspace` is the user's own, or the copy that an untrusted branch is planned in."""

    workspace: Workspace
    sources: Collection[str]
    terraform: str | None
    copy: Untrusted | None = None


def make_plan(workspace: Workspace, file: Path, request: PlanRequest = ORDINARY) -> PlanSummary:
    """Plans into `file`, its manifest beside it. Raises TfgenError; RefusedError when sync has work to do."""
    from tfgen.plan.plan_file import check_plan_target, keep_plan, private_plan
    from tfgen.plan.provenance import provenance_beside
    from tfgen.terraform.inputs import plan_arguments
    from tfgen.workspace import locked

    check_plan_target(file)
    with _place(workspace, request) as place:
        targets = _targets(workspace, request, place) if request.changed else None
        driver = driver_for(place.workspace, place.terraform, place.copy)
        arguments = plan_arguments(request.extra, os.environ)
        before = _planned_from(workspace, place, driver, arguments)
        with (
            private_plan(file.absolute().parent) as made,
            provenance_beside(workspace.root, tuple(before)) as provenance,
        ):
            nothing = targets == ()
            summary = _nothing() if nothing else driver.plan(made, run_options(request, targets or ()))
            summary = _limited(summary, arguments, driver)
            if place.copy is not None:
                summary = msgspec.structs.replace(summary, not_planned=place.copy.not_planned)
            after = _planned_from(workspace, place, driver, arguments)
            _require_unchanged(before, after, place.sources)
            manifest = _manifest(driver, None if nothing else made, summary, after, arguments, provenance())
            with locked(workspace, "plan"):  # or two plans into one file might each have the other's manifest
                keep_plan(None if nothing else made, file, manifest)
    return summary


@contextlib.contextmanager
def _place(workspace: Workspace, request: PlanRequest) -> Iterator[_Place]:
    if not request.untrusted:
        yield _Place(workspace=workspace, sources=require_synced(workspace), terraform=request.terraform)
        return
    from tfgen.untrusted.place import look_at, untrusted_place

    branch = look_at(workspace, request.base)
    sources = require_synced(workspace, cached=False)
    with untrusted_place(branch, request.allowed_modules, terraform=request.terraform, arguments=request.extra) as copy:
        yield _Place(workspace=copy.workspace, sources=sources, terraform=copy.terraform, copy=copy)


def require_synced(workspace: Workspace, *, cached: bool = True) -> Collection[str]:
    """The files that sync reads, relative to the root.

    Raises RefusedError when the generated files are not what sync would write, TfgenError on broken templates.
    """
    from tfgen.sync.fast_check import now, recall_sources

    if cached and (known := recall_sources(str(workspace.root))):
        return known
    from tfgen.sync.last_clean import remember, sources_of
    from tfgen.sync.survey import complain, find_changes

    started = now()
    result = find_changes(workspace, cached=cached)
    complain(result)
    if result.changes.refused:
        raise RefusedError("generated files were refused", fix="see above")
    if result.changes.changes:
        stale = some([f"{change.path} ({change.action})" for change in result.changes.changes], most=5)
        raise RefusedError(f"generated files are stale: {stale}", fix="run: tfgen sync")
    if result.problems:
        raise TemplateError("some templates cannot be read", fix="fix the errors above")
    remember(workspace, result, started)
    return sources_of(result)


def _targets(workspace: Workspace, request: PlanRequest, place: _Place) -> tuple[str, ...] | None:
    """The images to plan, none of them when nothing differs; None for all."""
    from tfgen.git.merge_base import find_base
    from tfgen.plan.compared.changed_images import find_changed, find_generated
    from tfgen.terraform.inputs import plan_arguments
    from tfgen.terraform.reports.images import moved_images

    if place.copy is not None:
        changed = find_generated(place.copy.base_name, place.copy.before, place.copy.generated)
    else:
        arguments = plan_arguments(request.extra, os.environ)
        changed = find_changed(workspace, find_base(workspace.root, request.base), arguments)
    if changed.whole:
        note(f"planning all images: {changed.whole}", style="yellow")
        return None
    if not changed.targets:
        return ()
    moved = moved_images(place.workspace.terraform_dir) - {*changed.targets}
    also = f", and {', '.join(sorted(moved))} (named by a moved block)" if moved else ""
    note(f"planning only the images that differ from {changed.base}: {some(changed.targets)}{also}")
    note("other images are not planned: run a full plan after the merge", style="yellow")
    return tuple(sorted({*changed.targets, *moved}))


def driver_for(workspace: Workspace, terraform: str | None, copy: Untrusted | None = None) -> Driver:
    """Terraform for this workspace, with progress on stderr. Raises TfgenError."""
    from tfgen.plan.driver import Driver
    from tfgen.plan.progress import make_watcher

    if copy is None:
        return Driver(workspace, make_watcher(), terraform=terraform)
    return Driver(workspace, make_watcher(), terraform=terraform, env=copy.env, state_at=copy.state_at)


def plan_copy(
    copy: Workspace,
    out: Path,
    terraform: str | None,
    env: Mapping[str, str],
    state_at: Callable[[str], Path],
    watcher: Watcher | None = None,
) -> tuple[PlanSummary, dict[str, Any]]:
    """The plan of a copy of the repository, and its document: no lock is taken, for the state is only read.

    Raises TfgenError.
    """
    from tfgen.plan.driver import Driver
    from tfgen.plan.progress import make_watcher
    from tfgen.plan.shown import document_of
    from tfgen.terraform.argv import RunOptions

    driver = Driver(copy, watcher or make_watcher(), terraform=terraform, env=env, state_at=state_at)
    summary = driver.plan(out, RunOptions(extra=("-lock=false",)))
    return summary, document_of(driver.binary, out, driver.folder, driver.env)


def plan_document(workspace: Workspace, terraform: str | None = None) -> tuple[dict[str, Any], Collection[str]]:
    """The document of a plan that nobody keeps, and the modules in it that are no images. The state is only read.

    Raises TfgenError.
    """
    from tfgen.plan.plan_file import private_plan
    from tfgen.plan.shown import document_of
    from tfgen.terraform.argv import RunOptions
    from tfgen.terraform.reports.images import root_modules

    driver = driver_for(workspace, terraform)
    with private_plan(workspace.make_state_dir()) as made:
        driver.plan(made, RunOptions(extra=("-lock=false",)))
        return document_of(driver.binary, made, driver.folder, driver.env), root_modules(driver.folder).shared


def run_options(request: PlanRequest, targets: tuple[str, ...] = ()) -> RunOptions:
    """What Terraform is asked for."""
    from tfgen.terraform.argv import RunOptions

    return RunOptions(lock_timeout=request.lock_timeout, targets=targets, extra=request.extra)


def _nothing() -> PlanSummary:
    from tfgen.terraform.reports.plan import NOTHING_DIFFERS, PlanSummary

    return PlanSummary(changed=False, line=NOTHING_DIFFERS)


def _limited(summary: PlanSummary, arguments: tuple[str, ...], driver: Driver) -> PlanSummary:
    """A person's own `-target` or `-exclude` limits a plan as well: then nothing is known of the other images."""
    from msgspec.structs import replace

    from tfgen.terraform.inputs import values_of
    from tfgen.terraform.reports.images import root_modules
    from tfgen.terraform.reports.plan import image_of

    shared = root_modules(driver.folder).shared
    targets = {image_of(address, shared) for address in values_of("target", arguments)}
    others = [value for flag in ("target-file", "exclude", "exclude-file") for value in values_of(flag, arguments)]
    if not targets and not others:
        return summary
    return replace(summary, targets=tuple(sorted({*summary.targets, *targets})), unchanged=())


def made_from(
    workspace: Workspace,
    driver: Driver,
    sources: Collection[str],
    arguments: tuple[str, ...] = (),
    others: Iterable[str] = (),
) -> dict[str, str]:
    """The digest of each file that a plan of this workspace is made from, and of `others`. Raises TfgenError."""
    from tfgen.terraform.inputs import digests

    named = {*sources, *others}
    return digests(workspace.root, workspace.terraform_dir, named, arguments, passed_over={driver.data_dir})


def _planned_from(workspace: Workspace, place: _Place, driver: Driver, arguments: tuple[str, ...]) -> dict[str, str]:
    """As `made_from`; of a copy Terraform's files are looked at there, templates and tfgen.toml where they are."""
    if place.copy is None:
        return made_from(workspace, driver, place.sources, arguments)
    from tfgen.terraform.inputs import file_digest

    named = {path: digest for path in place.sources if (digest := file_digest(workspace.root / path))}
    return dict(sorted({**made_from(place.workspace, driver, (), arguments), **named}.items()))


def _require_unchanged(before: Mapping[str, str], after: Mapping[str, str], named: Collection[str]) -> None:
    """Of other files, which expressions may read, a data source may be the author, and init of the lock file."""
    from tfgen.terraform.inputs import is_read

    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path) and (path in named or is_read(path)):
            raise TfgenError("changed while the plan was made", where=path, fix="run tfgen plan again")


def _manifest(
    driver: Driver,
    plan: Path | None,
    summary: PlanSummary,
    inputs: dict[str, str],
    arguments: tuple[str, ...],
    provenance: Provenance,
) -> Manifest:
    from tfgen.plan.manifest import Manifest, Terraform
    from tfgen.plan.provenance import utc_now
    from tfgen.terraform.inputs import file_digest, locked_providers

    workspace = driver.workspace
    return Manifest(
        tfgen=provenance.version,
        plan=file_digest(plan) if plan else "",
        when=utc_now(),
        who=provenance.who,
        commit=provenance.commit,
        dirty=provenance.dirty,
        terraform_dir=workspace.settings.terraform_dir,
        workspace=driver.workspace_name(),
        terraform=Terraform(product=driver.binary.product, version=driver.version),
        providers=locked_providers(workspace.terraform_dir),
        arguments=tuple(argument.partition("=")[0] for argument in arguments if argument.startswith("-")),
        inputs=inputs,
        summary=summary,
    )
