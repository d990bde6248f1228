"""The plan of what adopt would write, from the user's state, which is only read: nothing may be destroyed.

It is made in a copy of the repository, so that nothing is written before it is known.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from tfgen.adopt.collecting import Collecting
from tfgen.adopt.import_ids import where_live
from tfgen.adopt.imports import find_imports, refuse_owned
from tfgen.adopt.updates import updates_in_words
from tfgen.console import note, one_line
from tfgen_generators.errors import InterruptedRunError, RefusedError, TfgenError
from tfgen_generators.generated.imports import block_text
from tfgen_generators.packer.discovery.discover import SKIPPED_FOLDERS

if TYPE_CHECKING:
    from tfgen.adopt.request import AdoptRequest
    from tfgen.terraform.reports.events import Diagnostic
    from tfgen.terraform.reports.plan import PlanSummary
    from tfgen.workspace import Workspace

_SHOWN = 10
_PROVIDERS = "providers"
#: In the copy, where init need not run again for it: it is called as a generated file.
_IMPORTS = "pipeline_adopt-imports.gen.tf"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan says, "" where Terraform made none; `imports` are address -> ID of what is live without state.

    `live` says of each call whether its pipeline is in the state, in AWS alone, or nowhere ("state", "aws", "none").
    `updates` are what would change in place, a line each.
    """

    said: str = ""
    imports: Mapping[str, str] = {}
    live: Mapping[str, str] = {}
    updates: tuple[str, ...] = ()


def prove(workspace: Workspace, files: Mapping[str, bytes | None], request: AdoptRequest) -> Proof:
    """The plan of `files`, with import blocks for what is live. Raises RefusedError where it destroys.

    Where Terraform can make no plan: refused where there is a state to lose or the files of before can be planned; else
    it is said on stderr.
    """
    from tfgen.workspace import private_folder

    try:
        with private_folder(workspace.make_state_dir(), "adopt-") as folder:
            summary, imports, document = _Copy(workspace, files, folder, request).planned()
    except (InterruptedRunError, RefusedError):
        raise
    except (TfgenError, OSError) as error:
        if files and (is_initialised(workspace) or _is_planned_before(workspace, request)):
            fix = "nothing was written; make terraform plan work here, or write without a proof: --no-plan"
            raise RefusedError(f"the result is not proven, since no plan could be made: {error}", fix=fix) from None
        note(one_line(f"warning: no plan could be made: {error}"), style="yellow")
        return Proof()
    _require_kept(summary)
    return Proof(
        said=f"proven by a plan: {_counts(summary)}",
        imports=imports,
        live=where_live(document),
        updates=tuple(updates_in_words(document)),
    )


def is_initialised(workspace: Workspace) -> bool:
    """Whether a plan tells something: without init nobody knows where the state is."""
    from tfgen.terraform.init import data_dir

    return workspace.terraform_dir.is_dir() and data_dir(workspace.terraform_dir, os.environ).is_dir()


def _is_planned_before(workspace: Workspace, request: AdoptRequest) -> bool:
    """Whether Terraform can plan what is there, so that what it cannot is what adopt would write."""
    from tfgen.workspace import private_folder

    try:
        with private_folder(workspace.make_state_dir(), "adopt-") as folder:
            _Copy(workspace, {}, folder, request).plan(Collecting())
    except InterruptedRunError:
        raise
    except (TfgenError, OSError):
        return False
    return True


class _Copy:
    """The repository as it would be, in a folder of its own."""

    def __init__(
        self, workspace: Workspace, files: Mapping[str, bytes | None], folder: Path, request: AdoptRequest
    ) -> None:
        self._workspace, self._folder = workspace, folder
        self._terraform = request.terraform
        if self._terraform and os.sep in self._terraform:
            self._terraform = str(Path(self._terraform).absolute())
        copy = folder / "tree"
        shutil.copytree(workspace.root, copy, symlinks=True, ignore=shutil.ignore_patterns(*SKIPPED_FOLDERS))
        self._placed = replace(workspace, root=copy, original=workspace.root, scratch=folder)
        for path, data in files.items():
            self._put(path, data)
        _copy_data(workspace, self._placed.terraform_dir)

    def planned(self) -> tuple[PlanSummary, dict[str, str], dict[str, Any]]:
        """The plan, what it imports, and its document. Raises TfgenError."""
        summary, document = self.plan(None)
        latest = [summary]

        def replan(imports: Mapping[str, str]) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
            self._put(f"{self._workspace.settings.terraform_dir}/{_IMPORTS}", block_text(imports).encode())
            watcher = Collecting()
            try:
                latest[0], found = self.plan(watcher)
            except InterruptedRunError:
                raise
            except TfgenError:
                return None, watcher.errors
            return found, []

        imports, document = find_imports(document, replan)
        if not imports:
            return summary, {}, document
        refuse_owned(document)
        return latest[0], imports, document

    def plan(self, watcher: Collecting | None) -> tuple[PlanSummary, dict[str, Any]]:
        """One plan, and its document. Raises TfgenError."""
        from tfgen.plan.make import plan_copy

        root = self._workspace.terraform_dir
        env = {name: value for name, value in os.environ.items() if name != "TF_DATA_DIR"}

        def state_at(path: str) -> Path:
            return Path(os.path.normpath(root / path))

        return plan_copy(self._placed, self._folder / "plan", self._terraform, env, state_at, watcher)

    def _put(self, path: str, data: bytes | None) -> None:
        target = self._placed.root / path
        if data is None:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _copy_data(workspace: Workspace, folder: Path) -> None:
    """What init has made, so that backend, workspace and modules are the user's; providers are large, and only read."""
    from tfgen.terraform.init import data_dir

    data = data_dir(workspace.terraform_dir, os.environ)
    if not data.is_dir():
        return
    new = folder / ".terraform"
    shutil.copytree(data, new, symlinks=True, ignore=shutil.ignore_patterns(_PROVIDERS))
    if (data / _PROVIDERS).is_dir():
        shutil.copytree(data / _PROVIDERS, new / _PROVIDERS, symlinks=True, copy_function=_linked)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _require_kept(summary: PlanSummary) -> None:
    """Raises RefusedError with what would be destroyed, by what, and what keeps it."""
    gone = [
        (image.name, one) for image in summary.images for one in image.changes if one.action in ("delete", "replace")
    ]
    if not gone:
        return
    for name, change in gone[:_SHOWN]:
        word = "replaced" if change.action == "replace" else "destroyed"
        said = f" ({change.why})" if change.why else ""
        what = ", ".join(change.forced_by) or "what differs"
        fix = f"; give the module {what} as it is in AWS, in [templates.{name}.inputs] or [templates.{name}.names]"
        note(one_line(f"error: {change.address} would be {word}{said}{fix}"), style="red")
    raise RefusedError(
        f"the plan would destroy or replace {len(gone)} resource{'s' * (len(gone) != 1)}",
        fix="see above; nothing was written",
    )


def _counts(summary: PlanSummary) -> str:
    changes = [change for image in summary.images for change in image.changes]
    words = {"move": "to move", "create": "to add", "update": "to change"}
    counted = {word: sum(change.action == action for change in changes) for action, word in words.items()}
    imported = sum(bool(change.imported) for change in changes)
    parts = [f"{number} {word}" for word, number in counted.items()]
    return ", ".join([parts[0], f"{imported} to import", *parts[1:], "0 to destroy"])
