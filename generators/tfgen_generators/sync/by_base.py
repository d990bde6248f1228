"""The generated files of an untrusted plan: in memory, of the branch's templates, by settings that are the base's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from tfgen_generators.dispatcher import inputs as dispatcher
from tfgen_generators.dispatcher.module import read_dispatcher
from tfgen_generators.generated.files import Generated, join, read_generated
from tfgen_generators.generated.ownership import examine, file_name, forgotten_names, removed_blocks, sign
from tfgen_generators.module.interface import read_module
from tfgen_generators.packer.discovery.naming import name_templates
from tfgen_generators.packer.discovery.nothing_found import require_some
from tfgen_generators.packer.model import Problem
from tfgen_generators.pipeline import shared
from tfgen_generators.pipeline.shared_module import read_shared
from tfgen_generators.root_module.hand_written import HandWritten
from tfgen_generators.settings.model import FILE_NAME, Settings
from tfgen_generators.sync import pins
from tfgen_generators.sync.desired import by_settings
from tfgen_generators.sync.effective import Effective, effective_settings, fit_module
from tfgen_generators.sync.survey import Outside, Sources, unnamed_templates, with_details


class ByBase(msgspec.Struct, frozen=True, kw_only=True):
    """`files` (path -> text) are all that tfgen makes; `problems` are why they are not whole."""

    effective: Effective
    files: Mapping[str, str]
    problems: tuple[Problem, ...]


def files_by_base(
    root: Path, now: Settings, base_root: Path, base: Settings, outside: Outside, allows: Callable[[str], bool]
) -> ByBase:
    """What sync would write for the templates below `root`, were the base's modules and expressions there.

    `base_root` holds the base's files, whose settings are `base`. `allows` says which sources of modules may be the
    branch's. Reads templates, evaluates nothing, writes nothing. Raises TfgenError.
    """
    found = require_some(root, unnamed_templates(root, now.packer_dir, now, outside), now.packer_dir)
    names = {template.name for template in name_templates(found, now.packer_dir, pins.by_path(now), now).templates}
    effective = effective_settings(base, now, names, allows)
    module = read_module(base_root, effective.settings)
    effective = fit_module(effective, base, module, names)
    settings = effective.settings
    sources = Sources(
        root=root,
        settings=settings,
        settings_text="",
        found=found,
        generated=Generated(texts={}),
        dispatcher_text="",
        shared_text="",
        module=module,
        dispatcher_module=read_dispatcher(base_root, settings),
        shared_module=read_shared(base_root, settings),
        hand_written=HandWritten(),
        read_details=lambda: with_details(root, settings, outside),
    )
    desired = by_settings(sources, settings, "")
    files = {**_forgotten(root, now, settings), **desired.wanted}
    for label, body in ((dispatcher.LABEL, desired.triggered.body), (shared.LABEL, desired.sharing.body)):
        if body:
            files[desired.file(label)] = sign(FILE_NAME, body)
    return ByBase(effective=effective, files=files, problems=desired.problems)


def _forgotten(root: Path, now: Settings, settings: Settings) -> dict[str, str]:
    """The `removed` blocks of pipelines that were given up, written anew from the names in the branch's files."""
    found: dict[str, str] = {}
    for path, text in read_generated(root, now.terraform_dir).texts.items():
        owner = examine(text)
        if owner.forgets and owner.state == "ours" and PurePosixPath(path).name == file_name(owner.name):
            body = removed_blocks(*_first(forgotten_names(text)))
            found[join(settings.terraform_dir, file_name(owner.name))] = sign(owner.source, body, owner.template)
    return found


def _first(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    return names[0], names[1:]
