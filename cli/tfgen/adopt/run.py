"""One `tfgen adopt`: look, judge, prove, write; and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfgen.adopt.situation import find_situation
from tfgen.workspace import settings_at
from tfgen_generators.adopt.adoption import Start, make_adoption
from tfgen_generators.adopt.matching import rows_of
from tfgen_generators.adopt.model import Row
from tfgen_generators.errors import TfgenError, UsageError
from tfgen_generators.nearest import did_you_mean
from tfgen_generators.settings.model import FILE_NAME

if TYPE_CHECKING:
    from tfgen.adopt.proof import Proof
    from tfgen.adopt.request import AdoptRequest
    from tfgen.adopt.situation import Situation
    from tfgen.workspace import Workspace
    from tfgen_generators.adopt.adoption import Adoption
    from tfgen_generators.root_module.hand_written import HandWritten
    from tfgen_generators.settings.model import Settings
    from tfgen_generators.sync.model import Refusal, SyncResult


class Adopting(msgspec.Struct, frozen=True, kw_only=True):
    """What adopt has found. `files` are what it writes: path -> bytes, None for a file that goes.

    `proof` says what the plan said, "" where none was made; `live` and `updates` are the proof's.
    """

    workspace: Workspace
    adoption: Adoption
    files: dict[str, bytes | None]
    written: bool = False
    proof: str = ""
    live: dict[str, str] = {}
    updates: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        return self.adoption.is_refused or bool(self.refused)

    @property
    def refused(self) -> list[Refusal]:
        """What sync would refuse, but for calls that are left as they are."""
        synced, left = self.adoption.synced, {row.place for row in self.adoption.rows if row.action == "leave"}
        if synced is None or not self.adoption.edited:
            return []
        return [one for one in synced.changes.refused if one.path not in left]


def adopt(request: AdoptRequest) -> Adopting:
    """Looks, and with `write` writes unless something is refused. Raises TfgenError; then nothing was written."""
    from tfgen.journal.files import change_files
    from tfgen.workspace import locked

    if not request.write:
        found = _look(request)
        from tfgen.adopt.proof import is_initialised

        can_plan = request.plan and not found.is_refused and is_initialised(found.workspace)
        proof = _proof(found, request) if can_plan else None
        return _proven(found, proof) if proof else found
    with locked(find_situation().workspace, "sync"):
        found = _look(request)
        if found.is_refused:
            return found
        proof = _proof(found, request)
        if proof is not None:
            found = _proven(found, proof)
        if found.files:
            change_files(found.workspace.root, found.files)
        return replace(found, written=bool(found.files))


def _proof(found: Adopting, request: AdoptRequest) -> Proof | None:
    """The plan of what would be written, or of what is generated already: it may be live without state."""
    kept = any(row.action == "keep" for row in found.adoption.rows)
    if not request.plan or not (found.files or kept):
        return None
    from tfgen.adopt.proof import prove

    return prove(found.workspace, found.files, request)


def _proven(found: Adopting, proof: Proof) -> Adopting:
    files = {**found.files, **_import_file(found, proof)}
    return replace(found, files=files, proof=proof.said, live=dict(proof.live), updates=proof.updates)


def _import_file(found: Adopting, proof: Proof) -> dict[str, bytes | None]:
    from tfgen_generators.generated.imports import FILE, block_text

    if not proof.imports:
        return {}
    return {f"{found.workspace.settings.terraform_dir}/{FILE}": block_text(proof.imports).encode()}


def undo() -> list[str]:
    """Takes the latest adopt back: the files that it has put back. Raises RefusedError where they have changed."""
    from tfgen.journal.files import change_files, latest
    from tfgen.workspace import locked, open_workspace

    workspace = open_workspace(need_settings=False)
    with locked(workspace, "sync"):
        found = latest(workspace.root)
        if found is None:
            return []
        name, files = found
        change_files(workspace.root, files, undoes=name)
    return list(files)


def _look(request: AdoptRequest) -> Adopting:
    situation = find_situation()
    workspace = situation.workspace
    _check_matches(situation, request)
    rows = [*_rows(situation, request), *_not_here(situation)]
    start = Start(
        settings=workspace.settings,
        text=workspace.settings_text,
        hand_written=situation.hand_written,
        files=situation.files,
        fresh=not situation.generated,
        parse=partial(settings_at, workspace.root),
        ours=request.ours,
        declared=_declared(workspace) if request.ours else None,
    )
    adoption = make_adoption(start, rows, partial(_changes, workspace))
    after = replace(workspace, settings=adoption.settings, settings_text=adoption.settings_text)
    return Adopting(workspace=after, adoption=adoption, files=dict(_files(situation, adoption)))


def _declared(workspace: Workspace) -> frozenset[str] | None:
    """The inputs of the module that tfgen.toml names, None where it is not local. Raises TfgenError without it."""
    from tfgen_generators.module.interface import module_folder, read_module

    folder = module_folder(workspace.root, workspace.settings)
    if folder is not None and not folder.is_dir():
        source, fix = workspace.settings.module.source, "run: tfgen init --module vendor"
        raise TfgenError(f"module.source {source!r}: there is no such folder", where=FILE_NAME, fix=fix)
    module = read_module(workspace.root, workspace.settings)
    return frozenset(module.variables) if module and module.complete else None


def _rows(situation: Situation, request: AdoptRequest) -> list[Row]:
    from tfgen_generators.paths.packer_script import PackerScripts
    from tfgen_generators.trees.disk import DiskTree

    workspace = situation.workspace
    return rows_of(
        situation.hand_written,
        situation.discovery.templates,
        workspace.settings.packer_dir,
        PackerScripts(DiskTree(workspace.root), workspace.settings),
        generated=situation.generated,
        answers=request.matches,
        variable=workspace.settings.packer_script.variable,
    )


def _not_here(situation: Situation) -> Iterator[Row]:
    """Calls that adopt cannot reach: in other modules, and in files that cannot be read."""
    folder = situation.workspace.settings.terraform_dir
    for call in situation.nested:
        reason = f"it is called in another module, not in {folder}: its address is another one"
        fix = f"move the call to {folder}, or leave its template out with ignore in {FILE_NAME}"
        yield Row(name=call.label, template=None, call=call, action="refuse", reason=reason, fix=fix)
    for call in situation.elsewhere:
        reason = f"it is not in {folder}, so it is not adopted; set terraform_dir in {FILE_NAME} to its folder"
        yield Row(name=call.label, template=None, call=call, action="leave", reason=reason)
    for file in situation.hand_written.unread:
        reason = f"{file.message}, so its calls are not known; it is left as it is"
        yield Row(name=file.place, template=None, call=None, action="refuse", reason=reason, fix="fix it")


def _changes(workspace: Workspace, settings: Settings, text: str, hand_written: HandWritten) -> SyncResult:
    from tfgen.sync.survey import find_changes

    return find_changes(replace(workspace, settings=settings, settings_text=text), hand_written=hand_written)


def _files(situation: Situation, adoption: Adoption) -> Iterator[tuple[str, bytes | None]]:
    """All that is written, tfgen.toml first."""
    if not adoption.edited or adoption.synced is None:
        return
    yield FILE_NAME, adoption.settings_text.encode()
    yield from adoption.edited.items()
    for change in adoption.synced.changes.changes:
        if change.path != FILE_NAME:
            yield change.path, None if change.action == "delete" else change.after.encode()


def _check_matches(situation: Situation, request: AdoptRequest) -> None:
    labels = [call.label for call in situation.hand_written.calls]
    known = {name for one in situation.discovery.templates for name in (one.path, one.name)}
    for label, template in request.matches.items():
        if label not in labels:
            raise UsageError(f"--match {label}: no such call", fix=did_you_mean(label, labels))
        if template not in known:
            raise UsageError(f"--match {label}={template}: no such template", fix=did_you_mean(template, known))
