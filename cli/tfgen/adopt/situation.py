"""What adopt begins with: settings, those that are there or those that the repository shows; calls; templates."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tfgen.adopt.var_files import with_var_files
from tfgen.workspace import Workspace, open_workspace, settings_at
from tfgen_generators.errors import TfgenError
from tfgen_generators.packer.discovery.discover import SKIPPED_FOLDERS
from tfgen_generators.paths.pipeline_files import BUILDSPECS
from tfgen_generators.root_module.calls import folder_of, is_local
from tfgen_generators.root_module.hand_written import HandCall, HandWritten, read_hand_written
from tfgen_generators.settings.edit import set_tables
from tfgen_generators.settings.lines import in_toml
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.settings.schema.first_text import first_text
from tfgen_generators.sync.hand_written.files import hand_written_files, read_root
from tfgen_generators.trees.files import read_bytes

if TYPE_CHECKING:
    from tfgen_generators.packer.model import Discovery

_HEADER = "# What tfgen needs to know of this repository. Every key: docs/tfgen.toml.md"
_PACKER = re.compile(r"packer[ \t]+(?:build|validate)\b[^\n]*")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """`workspace` has the settings that adopt begins with, on disk or not (`is_new`); `nested` are calls in
    modules that the root module calls, `elsewhere` those in other folders, where it has none itself.
    """

    workspace: Workspace
    is_new: bool
    files: dict[str, bytes]
    hand_written: HandWritten
    nested: tuple[HandCall, ...]
    elsewhere: tuple[HandCall, ...]
    discovery: Discovery
    generated: frozenset[str]


def find_situation() -> Situation:
    """The repository around the current folder as adopt sees it. Raises TfgenError."""
    workspace = open_workspace(need_settings=False)
    is_new = not workspace.settings_text
    workspace = _without_settings(workspace) if is_new else _with_variable(workspace)
    root, settings = workspace.root, workspace.settings
    files = hand_written_files(root, settings.terraform_dir)
    hand_written = read_root(root, settings)
    if any(call.var_file for call in hand_written.calls):
        workspace = with_var_files(workspace, hand_written, _discovery(workspace).templates)
    nested = list(_nested(root, settings, hand_written))
    return Situation(
        workspace=workspace,
        is_new=is_new,
        files=files,
        hand_written=hand_written,
        nested=tuple(nested),
        elsewhere=tuple(_elsewhere(root, settings, nested)) if not hand_written.calls else (),
        discovery=_discovery(workspace),
        generated=_generated(workspace),
    )


def _discovery(workspace: Workspace) -> Discovery:
    from tfgen.git.repository import tracked_although_ignored
    from tfgen_generators.sync.survey import Outside, some_templates

    outside = Outside(is_tracked=tracked_although_ignored(workspace.root))
    return some_templates(workspace.root, workspace.settings, outside)


def _generated(workspace: Workspace) -> frozenset[str]:
    from tfgen_generators.generated.ownership import image_of, is_generated

    folder = workspace.terraform_dir
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return frozenset(image_of(name) for name in names if is_generated(name))


def _with_variable(workspace: Workspace) -> Workspace:
    """With the name of the variable that the buildspec gives to Packer, where the calls pass that one."""
    settings, root = workspace.settings, workspace.root
    usual = settings.packer_script.variable
    if read_root(root, settings).calls or settings.line("packer_script", "variable") > 1:
        return workspace
    for variable in _variables(root):
        named = replace(settings, packer_script=replace(settings.packer_script, variable=variable))
        if variable != usual and read_root(root, named).calls:
            text = set_tables(workspace.settings_text, {("packer_script",): {"variable": variable}}, where=FILE_NAME)
            parsed = replace(settings_at(root, text), packer_dir=settings.packer_dir)
            return replace(workspace, settings=parsed, settings_text=text)
    return workspace


def _without_settings(workspace: Workspace) -> Workspace:
    """The settings that a repository without tfgen.toml shows. Raises TfgenError."""
    root = workspace.root
    for variable in dict.fromkeys((workspace.settings.packer_script.variable, *_variables(root))):
        folders = dict(_calling(root, variable))
        if folders:
            break
    else:
        raise TfgenError(
            f"no module call passes {workspace.settings.packer_script.variable}, so there is nothing to adopt",
            where=root.name,
            fix="run: tfgen init",
        )
    folder = _root_module(folders)
    repository = f"source_repository = {in_toml(_repository(root, folders[folder]))}"
    text = first_text([_HEADER], [repository], packer_dir=workspace.settings.packer_dir, terraform_dir=folder)
    if variable != workspace.settings.packer_script.variable:
        text = set_tables(text, {("packer_script",): {"variable": variable}}, where=FILE_NAME)
    return replace(workspace, settings=settings_at(root, text), settings_text=text)


def _root_module(folders: dict[str, tuple[HandCall, ...]]) -> str:
    usual = Settings().terraform_dir
    folders = _without_examples(folders)
    if len(folders) == 1 or usual in folders:
        return usual if usual in folders else next(iter(folders))
    places = ", ".join(sorted(call.place for calls in folders.values() for call in calls))
    raise TfgenError(
        f"calls of pipelines stand in several folders: {places}",
        fix=f'create {FILE_NAME} with source_repository = "NAME" and terraform_dir = "FOLDER"',
    )


def _without_examples(folders: dict[str, tuple[HandCall, ...]]) -> dict[str, tuple[HandCall, ...]]:
    """Without the local modules that calls lead to, and what lies below those: their examples and tests."""
    sources = ((folder, call.arguments.get("source")) for folder, calls in folders.items() for call in calls)
    called = {
        folder_of(folder, source.value)
        for folder, source in sources
        if source is not None and isinstance(source.value, str) and is_local(source.value)
    } - {"."}
    within = tuple(f"{folder}/" for folder in called)
    return {folder: calls for folder, calls in folders.items() if not f"{folder}/".startswith(within)} or folders


def _calling(root: Path, variable: str) -> Iterator[tuple[str, tuple[HandCall, ...]]]:
    """Each folder with calls that pass `variable`."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in SKIPPED_FOLDERS)
        if any(name.endswith((".tf", ".tf.json")) for name in names):
            path = os.path.relpath(folder, root)
            calls = read_hand_written(hand_written_files(root, path), variable).calls
            if calls:
                yield path, calls


def _variables(root: Path) -> list[str]:
    """The variables that a buildspec gives to `packer build`."""
    found: dict[str, None] = {}
    for name in BUILDSPECS:
        try:
            text = read_bytes(root / name).decode("utf-8", "replace")
        except OSError:
            continue
        for command in _PACKER.findall(text):
            found |= dict.fromkeys(_VARIABLE.findall(command))
    return list(found)


def _repository(root: Path, calls: tuple[HandCall, ...]) -> str:
    """The CodeCommit repository: what the calls say, else what the repository is called."""
    for call in calls:
        given = call.arguments.get("source_repository")
        if given and isinstance(given.value, str) and given.value and not _NAME.search(given.value):
            return given.value
    return _NAME.sub("-", root.name).strip("-")[:100] or "repository"


def _elsewhere(root: Path, settings: Settings, nested: Sequence[HandCall]) -> Iterator[HandCall]:
    """The calls in other folders than the root module's."""
    known = {call.place for call in nested}
    for _, calls in _calling(root, settings.packer_script.variable):
        yield from (call for call in calls if call.place not in known)


def _nested(root: Path, settings: Settings, hand_written: HandWritten) -> Iterator[HandCall]:
    """The calls in local modules that the root module's hand-written calls lead to."""
    variable, seen = settings.packer_script.variable, {posixpath.normpath(settings.terraform_dir)}
    waiting = [(settings.terraform_dir, call) for call in hand_written.others]
    while waiting:
        folder, call = waiting.pop()
        source = call.arguments.get("source")
        if source is None or not isinstance(source.value, str) or not is_local(source.value):
            continue
        below = folder_of(folder, source.value)
        if below in seen or below.startswith("../"):
            continue
        seen.add(below)
        found = read_hand_written(hand_written_files(root, below), variable)
        yield from found.calls
        waiting += [(below, one) for one in found.others]
