"""What `tfgen init` would write: values in, changes out; nothing is written here."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tfgen.init import ignored
from tfgen.init.existing import Existing
from tfgen.init.found import Found
from tfgen.init.provider_version import why_older
from tfgen.init.root_files import root_files
from tfgen.init.settings_file import SCHEMA_LINE, Source, new_text, with_source
from tfgen.init.shipped import BUILDSPEC, MODULES, MODULES_DIR, module_texts, text_of
from tfgen.init.variants import notes_of, with_variants
from tfgen.terraform.inputs import locked_providers
from tfgen_generators.errors import SettingsError, TfgenError
from tfgen_generators.module.interface import module_folder
from tfgen_generators.settings.lines import keys
from tfgen_generators.settings.model import FILE_NAME, Module, Settings
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.settings.schema.make import FILE_NAME as SCHEMA_FILE
from tfgen_generators.settings.schema.make import schema_text
from tfgen_generators.sync.model import Change
from tfgen_generators.trees.files import read_bytes, read_text
from tfgen_generators.trees.outside import require_inside

#: Keeps the folder of the templates where there is none yet.
_KEEP = ".gitkeep"
_SCRIPT = r"packer\s+(?:build|validate)\b[^\n]*?(\S*\$\{{?{}\}}?[\w./-]*)"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for. `git` is the source of `--module git`, `recipe` path and text of the CI recipe."""

    module: str = ""
    git: str = ""
    recipe: tuple[str, str] | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """`kept` are files (and folders) of the user's that stay as they are; `notes` are for a person."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]
    settings: Settings


class _Draft:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: list[Change] = []
        self.kept: list[str] = []
        self.notes: list[str] = []

    def write(self, path: str, text: str) -> None:
        """A new file, unless there is something."""
        if os.path.lexists(self.root / path):
            self.kept.append(path)
        else:
            self.changes.append(Change(action="create", path=path, after=text))

    def edit(self, path: str, before: str, after: str) -> None:
        if before == after:
            self.kept.append(path)
        else:
            self.changes.append(Change(action="change", path=path, before=before, after=after))


def plan(root: Path, found: Found, existing: Existing, wanted: Wanted, env: Mapping[str, str]) -> Planned:
    """All that is missing below `root`. Raises TfgenError where tfgen.toml, or a place for a file, cannot be used."""
    draft = _Draft(root)
    draft.notes += found.notes
    before = _settings_text(root)
    settings = _settings(draft, found, existing, wanted, env, before)
    if before is None or before.startswith(SCHEMA_LINE):
        draft.write(SCHEMA_FILE, schema_text())
    require_inside(root, settings.packer_dir)
    if not list((root / settings.packer_dir).glob("*")) and found.packer_dir is None:
        draft.write(f"{settings.packer_dir}/{_KEEP}", "")
    module = existing.at(settings.terraform_dir)
    region = found.region
    for name, text in root_files(root, module, region):
        draft.write(posixpath.normpath(f"{settings.terraform_dir}/{name}"), text)
    draft.kept += [posixpath.normpath(f"{settings.terraform_dir}/{name}") for name in sorted(module.names)]
    draft.notes += [f"left as it is: {where}" for where in module.unreadable]
    for name in _modules(settings):
        _vendor(draft, settings, name)
    _buildspec(draft, settings.packer_script.variable)
    _ignore(draft)
    if wanted.recipe:
        draft.write(*wanted.recipe)
    require_inside(root, *(change.path for change in draft.changes))
    return Planned(
        changes=tuple(draft.changes), kept=tuple(dict.fromkeys(draft.kept)), notes=tuple(draft.notes), settings=settings
    )


def _settings_text(root: Path) -> str | None:
    require_inside(root, FILE_NAME)
    try:
        return read_bytes(root / FILE_NAME).decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", where=FILE_NAME) from None


def _settings(
    draft: _Draft, found: Found, existing: Existing, wanted: Wanted, env: Mapping[str, str], before: str | None
) -> Settings:
    """tfgen.toml, new or edited, and what it will say."""
    if before is None:
        terraform_dir = existing.terraform_dir()
        module = msgspec.structs.replace(existing.at(terraform_dir), folder=terraform_dir)
        text = new_text(found, module, _source(draft, terraform_dir, existing, wanted, env), existing.script)
        text = with_variants(text, found.variants)
        draft.notes += notes_of(found.variants)
        draft.write(FILE_NAME, text)
        return parse_settings(text)
    settings = parse_settings(before)
    says = any(key.path == ("module", "source") for key in keys(before))
    if says or (_is_there(draft.root, settings) and not wanted.git):
        if wanted.git and settings.module.source != wanted.git:
            draft.notes.append(f"{FILE_NAME} has module.source {settings.module.source!r}: kept")
        elif wanted.module == "vendor" and module_folder(draft.root, settings) is None:
            draft.notes.append(f"{FILE_NAME} has module.source {settings.module.source!r}, no folder: kept")
        draft.kept.append(FILE_NAME)
        return settings
    source = _source(draft, settings.terraform_dir, existing, wanted, env)
    after = before if source.is_default else with_source(before, source)
    draft.edit(FILE_NAME, before, after)
    return parse_settings(after)


def _is_there(root: Path, settings: Settings) -> bool:
    folder = module_folder(root, settings)
    return folder is not None and folder.is_dir()


def _source(draft: _Draft, terraform_dir: str, existing: Existing, wanted: Wanted, env: Mapping[str, str]) -> Source:
    """`--module git`'s, the one that hand-written pipelines have, else the vendored one that suits the provider."""
    if wanted.git:
        return Source(source=wanted.git)
    theirs = {(call.source, call.version) for call in existing.at(terraform_dir).calls}
    if not wanted.module and len(theirs) == 1 and (found := next(iter(theirs)))[0]:
        draft.notes.append(f"module.source is that of the pipelines that are there: {found[0]}")
        return Source(source=found[0], version=found[1])
    name = MODULES[0]
    locked = locked_providers(draft.root / terraform_dir)
    aws = next((version for address, version in locked.items() if address.endswith("/hashicorp/aws")), "")
    if reason := why_older(existing.at(terraform_dir).constraints, aws, env):
        name = MODULES[1]
        draft.notes.append(f"module {name}, which makes V1 pipelines: {reason}")
    return Source(source=_relative(terraform_dir, name))


def _relative(terraform_dir: str, name: str) -> str:
    path = posixpath.relpath(f"{MODULES_DIR}/{name}", terraform_dir)
    return path if path.startswith("../") else f"./{path}"


def _modules(settings: Settings) -> Iterator[str]:
    """The sources of modules that tfgen.toml names and that can be ours."""
    yield settings.module.source
    if settings.trigger == "affected":
        yield settings.dispatcher.source
    if settings.shared.is_on:
        yield settings.shared.source


def _vendor(draft: _Draft, settings: Settings, source: str) -> None:
    """A local module of ours whose folder is not there; or not whole, after an `init` that did not come to its end."""
    of = msgspec.structs.replace(settings, module=Module(source=source))
    folder = module_folder(draft.root, of)
    if folder is None or folder.name not in MODULES:
        return
    shown = Path(os.path.relpath(folder, draft.root.resolve())).as_posix()
    if shown.startswith("../"):
        return
    texts = module_texts(folder.name)
    there = {path: read_text(folder / path) for path in texts if (folder / path).is_file()}
    others = [entry for entry in folder.glob("*.tf") if entry.name not in texts] if folder.is_dir() else []
    if others or any(texts[path] != text for path, text in there.items()):
        draft.kept.append(shown)
        return
    for path, text in texts.items():
        draft.write(f"{shown}/{path}", text)


def _buildspec(draft: _Draft, variable: str) -> None:
    draft.write(BUILDSPEC, text_of(BUILDSPEC))
    if BUILDSPEC not in draft.kept:
        return
    try:
        text = read_text(draft.root / BUILDSPEC)
    except OSError as error:
        fix = "remove what is in its place"
        raise TfgenError(f"cannot be read: {error.strerror}", where=BUILDSPEC, fix=fix) from None
    if form := re.search(_SCRIPT.format(variable), text):
        draft.notes.append(f"{BUILDSPEC} gives Packer {form[1]}: {variable} of each pipeline will be of that form")
    elif variable not in text:
        draft.notes.append(
            f"{BUILDSPEC} does not name {variable}, by which each pipeline says what to build: unless a script that it "
            f"starts does, write ${variable} in place of the template, or remove the file and run tfgen init again"
        )


def _ignore(draft: _Draft) -> None:
    path = draft.root / ignored.FILE
    try:
        before = read_bytes(path).decode() if os.path.lexists(path) else None
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        draft.notes.append(f"{ignored.FILE} {why}; it should have the lines {ignored.in_words()}")
        return
    if before is None:
        draft.write(ignored.FILE, ignored.with_lines(""))
        return
    draft.edit(ignored.FILE, before, ignored.with_lines(before))
    if ignored.leaves_out_the_lock_file(before):
        draft.notes.append(
            f"{ignored.FILE} leaves out .terraform.lock.hcl: commit it, so that CI has the same providers"
        )
