"""A plan that can be trusted: made from what was synced, kept with its manifest, applied only as what it was.

`make_plan` and `apply_saved` are what the commands `plan` and `apply` do; the demo does the same.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tfgen.console import note
from tfgen_generators.errors import RefusedError, TemplateError, TfgenError

if TYPE_CHECKING:
    from tfgen.terraform.argv import RunOptions
    from tfgen.terraform.driver import Driver
    from tfgen.terraform.plan import PlanSummary
    from tfgen.workspace import Workspace
    from tfgen_generators.estate import Survey

_WHO = ("GITHUB_ACTOR", "BITBUCKET_STEP_TRIGGERER_UUID", "CODEBUILD_INITIATOR")
_MOST_NAMES = 10


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
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


def make_plan(workspace: Workspace, file: Path, request: PlanRequest = ORDINARY) -> PlanSummary:
    """Plans into `file`, its manifest beside it. Raises TfgenError; RefusedError when sync has work to do."""
    from tfgen.terraform.driver import check_plan_target

    check_plan_target(file)
    if request.untrusted:
        from tfgen.untrusted import check_untrusted

        check_untrusted(
            workspace,
            request.base,
            request.allowed_modules,
            terraform=request.terraform,
            arguments=request.extra,
        )
    found = require_synced(workspace, cached=not request.untrusted)
    targets = _targets(workspace, request) if request.changed else None
    driver = _driver(workspace, request.terraform)
    before = _inputs(workspace, found, request.extra)
    with _beside(partial(_circumstances, workspace, tuple(before))) as circumstances:
        summary = _nothing() if targets == () else driver.plan(file, _options(request, targets or ()))
        after = _inputs(workspace, found, request.extra)
        _require_unchanged(before, after)
        if targets == ():
            file.unlink(missing_ok=True)
        _write_manifest(workspace, driver, file, summary, after, request.extra, circumstances())
    return summary


def apply_saved(
    workspace: Workspace, file: Path, allowed: Collection[str] = (), request: PlanRequest = ORDINARY
) -> PlanSummary:
    """Applies exactly the plan in `file`. Raises RefusedError when it is not what was planned and allowed."""
    from tfgen.terraform.gate import require_allowed
    from tfgen.terraform.manifest import (
        Terraform,
        read_manifest,
        require_planned,
        require_same_inputs,
        require_same_terraform,
    )

    manifest = read_manifest(file)
    if not manifest.plan:
        return manifest.summary
    require_planned(file, manifest)
    # Var files are named to plan alone, so what the manifest names is looked at, too.
    require_same_inputs(file, manifest, _inputs(workspace, _look(workspace), others=manifest.inputs))
    require_allowed(manifest.summary, allowed)
    driver = _driver(workspace, request.terraform)
    now = Terraform(product=driver.binary.product, version=driver.version)
    require_same_terraform(file, manifest, now, driver.workspace_name())
    return driver.apply(file, _options(request))


def require_synced(workspace: Workspace, *, cached: bool = True) -> Survey:
    """Raises RefusedError when the generated files are not what sync would write, TfgenError on broken templates."""
    from tfgen.commands.sync import complain

    result = _look(workspace, cached=cached)
    complain(result)
    if result.changes.refused:
        raise RefusedError("the generated files need a decision first", fix="see above")
    if result.changes.changes:
        stale = ", ".join(f"{change.path} ({change.action})" for change in result.changes.changes[:5])
        more = len(result.changes.changes) - 5
        raise RefusedError(
            f"generated files are stale: {stale}{f' and {more} more' if more > 0 else ''}", fix="run: tfgen sync"
        )
    if result.problems:
        raise TemplateError("not every template can be read", fix="correct the errors above")
    return result


def _look(workspace: Workspace, *, cached: bool = True) -> Survey:
    from tfgen.commands.sync import look

    return look(workspace, cached=cached)


def _targets(workspace: Workspace, request: PlanRequest) -> tuple[str, ...] | None:
    """The images to plan, none of them when nothing differs; None for all."""
    from tfgen.changed_images import find_changed
    from tfgen.merge_base import find_base
    from tfgen.terraform.images import moved_images

    changed = find_changed(workspace, find_base(workspace.root, request.base, trusted=request.untrusted))
    if changed.whole:
        note(f"planning everything: {changed.whole}", style="yellow")
        return None
    if not changed.targets:
        return ()
    moved = moved_images(workspace.terraform_dir) - {*changed.targets}
    also = f", and {', '.join(sorted(moved))}, which a moved block names" if moved else ""
    note(f"planning only what differs from {changed.base.name}: {_some(changed.targets)}{also}")
    note("nothing is seen of other images: after the merge a full plan must follow", style="yellow")
    return tuple(sorted({*changed.targets, *moved}))


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _driver(workspace: Workspace, terraform: str | None) -> Driver:
    from tfgen.progress import make_watcher
    from tfgen.terraform.driver import Driver

    return Driver(workspace, make_watcher(), terraform=terraform)


def _options(request: PlanRequest, targets: tuple[str, ...] = ()) -> RunOptions:
    from tfgen.terraform.argv import RunOptions

    return RunOptions(lock_timeout=request.lock_timeout, targets=targets, extra=request.extra)


def _nothing() -> PlanSummary:
    from tfgen.terraform.plan import NOTHING_DIFFERS, PlanSummary

    return PlanSummary(changed=False, line=NOTHING_DIFFERS)


def _inputs(
    workspace: Workspace, found: Survey, extra: tuple[str, ...] = (), others: Iterable[str] = ()
) -> dict[str, str]:
    from tfgen.terraform.inputs import digests
    from tfgen_generators.settings import FILE_NAME

    members = [path for template in found.discovery.templates for path in template.members]
    return digests(workspace.root, workspace.terraform_dir, [FILE_NAME, *members, *others], extra)


def _require_unchanged(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """The lock file may be new: init writes it."""
    from tfgen.terraform.inputs import LOCK_FILE

    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path) and Path(path).name != LOCK_FILE:
            raise TfgenError("has changed while the plan was made", where=path, fix="plan again")


def _write_manifest(
    workspace: Workspace,
    driver: Driver,
    file: Path,
    summary: PlanSummary,
    inputs: dict[str, str],
    extra: tuple[str, ...],
    circumstances: _Circumstances,
) -> None:
    from tfgen.terraform.inputs import file_digest, locked_providers
    from tfgen.terraform.manifest import Manifest, Terraform, write_manifest

    manifest = Manifest(
        tfgen=circumstances.version,
        plan=file_digest(file),
        when=_now(),
        who=_who(),
        commit=circumstances.commit,
        dirty=circumstances.dirty,
        terraform_dir=workspace.settings.terraform_dir,
        workspace=driver.workspace_name(),
        terraform=Terraform(product=driver.binary.product, version=driver.version),
        providers=locked_providers(workspace.terraform_dir),
        arguments=tuple(argument.partition("=")[0] for argument in extra if argument.startswith("-")),
        inputs=inputs,
        summary=summary,
    )
    write_manifest(file, manifest)


@dataclass(frozen=True, kw_only=True)
class _Circumstances:
    """What else the manifest says, and what takes a while to find out."""

    version: str
    commit: str
    dirty: bool


def _circumstances(workspace: Workspace, paths: tuple[str, ...]) -> _Circumstances:
    from importlib.metadata import version

    from tfgen.git import head_commit, is_dirty

    root = workspace.root
    return _Circumstances(version=version("tfgen"), commit=head_commit(root), dirty=is_dirty(root, paths))


@contextlib.contextmanager
def _beside(find_out: Callable[[], _Circumstances]) -> Iterator[Callable[[], _Circumstances]]:
    """Runs `find_out` while Terraform does its work: that is a tenth of a second less to wait for."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit(find_out).result


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _who() -> str:
    import getpass
    import socket

    if named := next((os.environ[name] for name in _WHO if os.environ.get(name)), ""):
        return named
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
